// @vitest-environment happy-dom
// What the attribute `controls` adds: buttons, keys, zoom, panels, the floating window; and that it goes with it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browser, button, canvas, closePage, connect, has, inside, key, offers, openPage, pass, place, play, player, text, video } from "./fakes/page";
import { session } from "./fakes/session";
import { track } from "./fakes/tracks";
import "./index";

beforeEach(openPage);
afterEach(closePage);

describe("controls", () => {
  const ADDED = ["tabindex", "role", "aria-label"];

  test("are there only where they are wanted", async () => {
    place();
    await connect();
    expect(has("#dock")).toBe(false);
    key("l");
    expect(player.hasAttribute("no-labels"), "and keys mean nothing").toBe(false);
    player.setAttribute("controls", "");
    expect(has("#bar")).toBe(true);
    expect(ADDED.map((name) => player.getAttribute(name))).toEqual(["0", "group", "Camera player"]);
    player.removeAttribute("controls");
    expect([has("#dock"), ...ADDED.map((name) => player.hasAttribute(name))]).toEqual([false, false, false, false]);
    key("l");
    expect(player.hasAttribute("no-labels")).toBe(false);
  });

  test("leave what the page said itself", () => {
    place({ camera: "7", controls: "", "aria-label": "Gate", tabindex: "-1" });
    player.removeAttribute("controls");
    expect([player.getAttribute("aria-label"), player.getAttribute("tabindex"), player.hasAttribute("role")]).toEqual(["Gate", "-1", false]);
  });

  test.each([
    { name: "boxes", letter: "b" }, { name: "labels", letter: "l" }, { name: "trails", letter: "t" },
  ])("$name: by button and by the key $letter", ({ name, letter }) => {
    place({ camera: "7", controls: "" });
    const state = (): [boolean, string | null] => [player.hasAttribute(`no-${name}`), button(name).getAttribute("aria-pressed")];
    expect(state()).toEqual([false, "true"]);
    button(name).click();
    expect(state()).toEqual([true, "false"]);
    expect(key(letter), "the key is used up").toBe(false);
    expect(state()).toEqual([false, "true"]);
    key(letter, { ctrlKey: true });
    expect(state(), "the browser's own keys are left alone").toEqual([false, "true"]);
  });

  test("mode: by button and by key", () => {
    place({ camera: "7", controls: "" });
    button("live").click();
    expect([player.getAttribute("mode"), button("live").getAttribute("aria-pressed")]).toEqual(["live", "true"]);
    key("M");
    expect([player.getAttribute("mode"), button("live").getAttribute("aria-pressed")]).toEqual(["exact", "false"]);
  });

  test("what the browser cannot do has no button", () => {
    place({ camera: "7", controls: "" });
    expect(() => button("full")).toThrow();
    expect(() => button("float")).toThrow();
    expect(key("f"), "and its key is the page's").toBe(true);
  });

  test("full screen, where there is one", () => {
    const full: { element: Element | null } = { element: null };
    Object.defineProperties(document, {
      fullscreenEnabled: { configurable: true, value: true },
      fullscreenElement: { configurable: true, get: () => full.element },
      exitFullscreen: { configurable: true, value: () => change(null) },
    });
    function change(element: Element | null): Promise<void> {
      full.element = element;
      document.dispatchEvent(new Event("fullscreenchange"));
      return Promise.resolve();
    }
    place({ camera: "7", controls: "" });
    player.requestFullscreen = () => change(player);
    button("full").click();
    expect([full.element, button("full").getAttribute("aria-pressed")]).toEqual([player, "true"]);
    key("f");
    expect([full.element, button("full").getAttribute("aria-pressed")]).toEqual([null, "false"]);
    for (const name of ["fullscreenEnabled", "fullscreenElement", "exitFullscreen"]) Reflect.deleteProperty(document, name);
  });

  test("zoom and move by keys, as far as there is something to see", () => {
    place({ camera: "7", controls: "" });
    const look = (): string => video().style.transform;
    expect(key("ArrowLeft"), "the whole picture has nowhere to go").toBe(true);
    key("+");
    expect(look()).toBe("translate(-12.5%, -12.5%) scale(1.25)");
    expect(key("ArrowLeft")).toBe(false);
    expect(Number(/^translate\(([-\d.]+)%/.exec(look())?.[1])).toBeCloseTo(-2.5);
    key("0");
    expect(look()).toBe("");
    key("+");
    player.removeAttribute("controls");
    expect(look(), "without controls there would be no way back").toBe("");
  });

  test("by a double click", () => {
    place({ camera: "7", controls: "" });
    const surface = inside("#surface");
    surface.dispatchEvent(new MouseEvent("dblclick"));
    expect(video().style.transform).toMatch(/scale\(2\.5\)/);
    surface.dispatchEvent(new MouseEvent("dblclick"));
    expect(video().style.transform).toBe("");
    player.removeAttribute("controls");
    surface.dispatchEvent(new MouseEvent("dblclick"));
    expect(video().style.transform).toBe("");
  });

  test("the view outlives a connection", async () => {
    place({ camera: "7", controls: "" });
    await connect();
    key("+");
    player.setAttribute("camera", "8");
    await connect();
    await play(100);
    const drawn = browser.contextOf(canvas()).of("drawImage").at(-1)?.args ?? [];
    expect(Number(drawn[3])).toBeGreaterThan(canvas().width);
  });
});

describe("panels", () => {
  const isOpen = (name: string): boolean => !inside(`[aria-label=${name}]`).hidden;
  beforeEach(() => {
    place({ camera: "7", controls: "" });
  });

  test("open one at a time, and close by Escape with the focus on their button", () => {
    expect([isOpen("Filter"), isOpen("Figures")]).toEqual([false, false]);
    key("c");
    expect([isOpen("Filter"), button("filter").getAttribute("aria-expanded"), inside("#bar").classList.contains("held")]).toEqual([true, "true", true]);
    key("d");
    expect([isOpen("Filter"), isOpen("Figures")]).toEqual([false, true]);
    expect(key("Escape")).toBe(false);
    expect([isOpen("Figures"), inside("#bar").classList.contains("held")]).toEqual([false, false]);
    expect(player.shadowRoot?.activeElement).toBe(button("figures"));
    expect(key("Escape"), "nothing is open").toBe(true);
  });

  test("figures are fresh while they are open, and only then", async () => {
    await connect();
    browser.server.on(/^GET .*abc$/, (request) => void request.answer(200, session({ estimate_kbps: 812, loss_percent: 1.5, switches: 3 })));
    const diagnostics = vi.spyOn(player, "diagnostics");
    key("d");
    await pass(2_000);
    expect(diagnostics).toHaveBeenCalledTimes(3);
    expect(text("[aria-label=Figures] dl")).toMatch(/frames presented/);
    expect(text("[aria-label=Figures] dl")).toMatch(/path carries, loses812 kbit\/s, 1.5 %changes of encoding3/);
    expect(browser.server.to(/^GET .*abc$/).length, "the server is asked every other second").toBeLessThan(3);
    key("d");
    await pass(5_000);
    expect(diagnostics).toHaveBeenCalledTimes(3);
  });

  test("filter offers the classes that were seen, and writes attributes", async () => {
    await connect();
    key("c");
    expect(text("[aria-label=Filter]")).toMatch(/No tracks have been seen yet/);
    await play(500, [track(), track({ track_id: 2, class: "car" })]);
    const boxes = [...inside("[aria-label=Filter]").querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
    expect(boxes.map(({ value, checked }) => [value, checked])).toEqual([["car", true], ["person", true]]);
    const [car] = boxes;
    if (!car) throw new Error("no car");
    car.checked = false;
    car.dispatchEvent(new Event("input", { bubbles: true }));
    expect(player.getAttribute("classes")).toBe("!car");
    const slider = inside("input[type=range]") as HTMLInputElement;
    slider.value = "0.5";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    expect(player.getAttribute("min-confidence")).toBe("0.5");
    slider.value = "0";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    expect(player.hasAttribute("min-confidence")).toBe(false);
  });
});

describe("the choice of quality", () => {
  const choice = (): HTMLSelectElement => inside("[aria-label=Quality] select") as HTMLSelectElement;
  const offered = (): string[] => [...choice().options].map(({ textContent }) => textContent);
  const choose = (value: string): void => {
    choice().value = value;
    choice().dispatchEvent(new Event("change", { bubbles: true }));
  };
  const PATCH = /^PATCH /;

  test("offers what there is, and says what is shown and why", async () => {
    const renditions = session().renditions.filter(({ name }) => name !== "540p");
    for (const route of [PATCH, /^GET .*abc$/]) browser.server.on(route, (request) => void request.answer(200, session({ renditions })));
    place({ camera: "7", controls: "" });
    await connect();
    key("q");
    expect([button("quality").getAttribute("aria-expanded"), offered()]).toEqual(["true", ["Auto", "Camera", "Data saver"]]);
    await play(500);
    expect([offered(), text("[aria-label=Quality] [role=status]")]).toEqual([["Auto", "Camera", "360p", "180p", "Stills", "Data saver"], "camera"]);
    const [first] = choice().options;
    await play(500);
    expect(choice().options[0], "a list that may be open is left alone").toBe(first);
    choose("360p");
    await pass(0);
    expect([player.getAttribute("quality"), JSON.parse(browser.server.last(PATCH).body as string)]).toMatchObject(["360p", { quality: "360p" }]);
    choose("auto");
    expect(player.hasAttribute("quality")).toBe(false);
    button("quality").click();
    expect(inside("[aria-label=Quality]").hidden).toBe(true);
  });

  test("follows the attribute, whatever it says, without another connection", async () => {
    place({ camera: "7", controls: "", quality: "540p" });
    await connect();
    key("q");
    await pass(250);
    expect([choice().value, offered()]).toEqual(["540p", ["Auto", "Camera", "540p", "Data saver"]]);
    player.quality = "saver";
    expect([player.quality, choice().value]).toEqual(["saver", "saver"]);
    player.setAttribute("quality", "4320p");
    expect([player.quality, choice().value, offers().length]).toEqual(["auto", "auto", 1]);
  });

  test("has its keys for itself, but for Escape", async () => {
    place({ camera: "7", controls: "" });
    await connect();
    key("q");
    const press = (name: string): boolean => choice().dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, composed: true }));
    expect([press("c"), inside("[aria-label=Filter]").hidden]).toEqual([true, true]);
    expect([press("Escape"), inside("[aria-label=Quality]").hidden]).toEqual([false, true]);
    expect(player.shadowRoot?.activeElement).toBe(button("quality"));
  });
});

describe("a floating window", () => {
  beforeEach(() => {
    Object.defineProperty(document, "pictureInPictureEnabled", { configurable: true, value: true });
    vi.spyOn(HTMLCanvasElement.prototype, "captureStream").mockImplementation(() => new MediaStream());
    Object.defineProperty(HTMLVideoElement.prototype, "requestPictureInPicture", { configurable: true, value: () => Promise.resolve() });
    place({ camera: "7", controls: "" });
  });
  afterEach(() => {
    Reflect.deleteProperty(document, "pictureInPictureEnabled");
    Reflect.deleteProperty(HTMLVideoElement.prototype, "requestPictureInPicture");
  });

  test("shows picture and boxes, by button and by key", async () => {
    button("float").click();
    await pass(0);
    expect([player.state?.pictureInPicture, button("float").getAttribute("aria-pressed")]).toEqual([true, "true"]);
    key("p");
    expect([player.state?.pictureInPicture, button("float").getAttribute("aria-pressed")]).toEqual([false, "false"]);
  });

  test("that the browser refuses is none", async () => {
    Object.defineProperty(HTMLVideoElement.prototype, "requestPictureInPicture", { configurable: true, value: () => Promise.reject(new Error("not now")) });
    button("float").click();
    await pass(0);
    expect(player.state?.pictureInPicture).toBe(false);
  });

  test("closes when the element goes", async () => {
    button("float").click();
    await pass(0);
    player.remove();
    await pass(0);
    document.body.append(player);
    expect(player.state?.pictureInPicture).toBe(false);
  });

  test("outlives another camera", async () => {
    button("float").click();
    await pass(0);
    player.setAttribute("camera", "8");
    expect(player.state?.pictureInPicture).toBe(true);
  });
});
