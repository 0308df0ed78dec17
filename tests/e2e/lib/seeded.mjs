// Chance that can be had again: its seed is told, and RAZZ_SEED sets it.

/** Numbers by mulberry32, of RAZZ_SEED or of the time. */
export class Seeded {
  constructor(world) {
    this.state = Number(process.env.RAZZ_SEED ?? Date.now() % 2 ** 31) >>> 0;
    world.tell(`chance: RAZZ_SEED=${this.state}`);
  }

  /** From 0 up to 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(count) {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.next() * 256)));
  }

  between(low, high) {
    return low + this.next() * (high - low);
  }
}
