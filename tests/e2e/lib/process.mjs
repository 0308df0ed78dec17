// A child process whose output is kept line by line, ended by its own pid.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "./wait.mjs";

export class Child {
  /** @param {string} name how its log is headed */
  constructor(name, command, args, options = {}) {
    this.name = name;
    this.log = [];
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    this.process.stdin.on("error", () => {}); // written to after its end: its exit tells the story
    this.exited = new Promise((done) => {
      this.process.on("error", (error) => {
        this.log.push(`could not start: ${error.message}`);
        done({ code: null, signal: null });
      });
      this.process.on("close", (code, signal) => done({ code, signal }));
    });
    this.answers = [];
    this.readers = [];
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      this.log.push(line);
      const reader = this.readers.shift();
      if (reader) reader(line);
      else this.answers.push(line);
    });
    createInterface({ input: this.process.stderr }).on("line", (line) => this.log.push(line));
  }

  /** The next line of standard output, parsed as JSON. */
  async answer(seconds = 20) {
    const line = this.answers.shift() ?? (await this.#nextLine(seconds));
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${this.name} printed ${JSON.stringify(line)} where one JSON line was expected`);
    }
  }

  async #nextLine(seconds) {
    const line = new Promise((reader) => this.readers.push(reader));
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`${this.name} ended (${signal ?? code}) before it answered:\n${this.tail()}`);
    });
    ended.catch(() => {});
    return within(`an answer of ${this.name}`, Promise.race([line, ended]), seconds);
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Ends it at once, as a power cut would. */
  async kill() {
    if (this.running) this.process.kill("SIGKILL");
    await this.exited;
  }

  /** Asks it to end; answers its exit. One that does not end in time is killed, and that is an error. */
  async stop(seconds = 10) {
    if (this.running) this.process.kill("SIGTERM");
    try {
      return await within(`the end of ${this.name} after SIGTERM`, this.exited, seconds);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** The last lines of its output. */
  tail(lines = 40) {
    return this.log.slice(-lines).join("\n");
  }
}
