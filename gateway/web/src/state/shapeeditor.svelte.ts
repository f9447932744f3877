// Shapes over a picture while somebody edits them: chosen, dragged, added, deleted, undone and saved.

import { ApiError, problemOf, sendFor } from '../api/api';
import { problemWords } from '../format/problems';
import type { Point } from '../format/shapes';

export interface Shape {
  name: string;
}

/** Where the shapes are sent, under which name, as they are sent, and what is wrong with them before that. */
export interface ShapeList<S extends Shape> {
  path: string;
  key: 'rois' | 'zones';
  cleaned: (shape: S) => S;
  problemOf: (shapes: readonly S[]) => string | null;
}

/** Called for each move of a drag, with how far it went since its beginning and where it is, in shares of the picture. */
type Dragged = (dx: number, dy: number, at: Point) => void;

export class ShapeEditor<S extends Shape> {
  shapes = $state<S[]>([]);
  chosen = $state<number | null>(null);
  message = $state('');
  wrong = $state(false);
  busy = $state(false);
  refused = $state<ApiError | null>(null);
  canvas: HTMLElement | undefined = $state();

  readonly list: ShapeList<S>;
  #saved = $state('');
  /** The shapes before each change, as JSON; the newest last. */
  #before = $state.raw<readonly string[]>([]);
  /** Whatever it edits is of another device by then. */
  #isClosed = false;
  #held: { from: Point; dragged: Dragged } | null = null;

  constructor(list: ShapeList<S>, initial: readonly S[]) {
    this.list = list;
    this.shapes = structuredClone(initial) as S[];
    this.chosen = initial.length ? 0 : null;
    this.#saved = JSON.stringify(initial);
  }

  get shape(): S | null {
    return this.chosen === null ? null : (this.shapes[this.chosen] ?? null);
  }

  get problem(): string | null {
    return this.list.problemOf(this.shapes);
  }

  get isSaved(): boolean {
    return JSON.stringify(this.shapes) === this.#saved;
  }

  get canUndo(): boolean {
    return this.#before.some((one) => one !== JSON.stringify(this.shapes));
  }

  say(text: string, wrong = false): void {
    [this.message, this.wrong] = [text, wrong];
  }

  /** Called before a change, so that it can be taken back. What was said is of before it. */
  remember(): void {
    const now = JSON.stringify(this.shapes);
    if (this.#before.at(-1) !== now) this.#before = [...this.#before, now];
    this.say('');
  }

  undo(): void {
    const now = JSON.stringify(this.shapes);
    const last = this.#before.findLastIndex((one) => one !== now);
    const before = this.#before[last];
    if (before === undefined) return;
    this.#before = this.#before.slice(0, last);
    this.#replace(JSON.parse(before) as S[]);
    this.say('Taken back');
  }

  #replace(shapes: S[]): void {
    this.shapes = shapes;
    this.chosen = shapes.length ? Math.min(this.chosen ?? 0, shapes.length - 1) : null;
  }

  add(shape: S): void {
    this.remember();
    this.shapes.push(shape);
    this.chosen = this.shapes.length - 1;
  }

  remove(index: number): void {
    this.remember();
    this.shapes = this.shapes.filter((_, i) => i !== index);
    this.chosen = this.shapes.length ? Math.max(0, Math.min(this.shapes.length - 1, index)) : null;
  }

  /** Others in place of all of them. */
  load(shapes: readonly S[], text: string): void {
    this.remember();
    this.#replace(structuredClone(shapes) as S[]);
    this.say(text);
  }

  /** Where in the picture, as shares of it. */
  #share(event: PointerEvent): Point {
    const box = this.canvas?.getBoundingClientRect();
    return box ? [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height] : [0, 0];
  }

  /** The main button went down: on the shape at `index`, or where there is none. */
  hold(event: PointerEvent, index: number | null, dragged: Dragged): void {
    if (event.button !== 0) return;
    event.stopPropagation();
    if (index !== null) this.chosen = index;
    this.remember();
    this.#held = { from: this.#share(event), dragged };
    this.canvas?.setPointerCapture(event.pointerId);
  }

  drag(event: PointerEvent): void {
    if (!this.#held) return;
    const { from, dragged } = this.#held;
    const [x, y] = this.#share(event);
    dragged(x - from[0], y - from[1], [x, y]);
  }

  release(): void {
    this.#held = null;
  }

  /** A key that changed something; it does nothing else then. */
  key(event: KeyboardEvent, change: (() => void) | null): void {
    if (!change) return;
    this.remember();
    change();
    event.preventDefault();
    event.stopPropagation();
  }

  /** What is answered after this changes nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Calls `onsaved` where the device has confirmed them. */
  async save(onsaved: (shapes: S[]) => void): Promise<void> {
    if (this.problem) return this.say(this.problem, true);
    this.busy = true;
    const { path, key, cleaned } = this.list;
    try {
      const wanted = ($state.snapshot(this.shapes) as S[]).map(cleaned);
      const { status, body } = await sendFor<Record<typeof key, S[]>>('PUT', path, { [key]: wanted });
      this.refused = null;
      if (this.#isClosed) return;
      if (status === 200) this.#confirmed(body[key], onsaved);
      this.say(status === 200 ? 'Saved: the device has confirmed it' : 'Sent; the device has not confirmed it yet');
    } catch (error) {
      const problem = problemOf(error);
      this.refused = problem instanceof ApiError && problem.errors.length ? problem : null;
      this.say(this.refused ? 'Not saved: see the list' : problemWords(problem), true);
    }
    this.busy = false;
  }

  #confirmed(shapes: S[], onsaved: (shapes: S[]) => void): void {
    this.#saved = JSON.stringify(shapes);
    this.#replace(structuredClone(shapes));
    onsaved(shapes);
  }
}
