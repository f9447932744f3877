// Two fingers on a bar: apart is closer, together is farther.

/** The distance grows or shrinks by this before the bar takes its next step. */
const STEP = 1.5;

type Touch = Pick<PointerEvent, 'pointerId' | 'clientX' | 'pointerType'>;

export class Pinch {
  #fingers = new Map<number, number>();
  #from = 0;
  #zoom: (by: 1 | -1) => void;

  constructor(zoom: (by: 1 | -1) => void) {
    this.#zoom = zoom;
  }

  get #distance(): number {
    const [a = 0, b = 0] = [...this.#fingers.values()];
    return Math.max(1, Math.abs(a - b));
  }

  /** Whether a second finger has come: what the first one began is over. */
  down({ pointerId, clientX, pointerType }: Touch): boolean {
    if (pointerType === 'mouse' || this.#fingers.size > 1) return false;
    this.#fingers.set(pointerId, clientX);
    this.#from = this.#distance;
    return this.#fingers.size === 2;
  }

  /** Whether it was a move of two fingers. */
  move({ pointerId, clientX }: Touch): boolean {
    if (!this.#fingers.has(pointerId)) return false;
    this.#fingers.set(pointerId, clientX);
    if (this.#fingers.size < 2) return false;
    const ratio = this.#distance / this.#from;
    if (ratio > STEP || ratio < 1 / STEP) {
      this.#zoom(ratio > 1 ? 1 : -1);
      this.#from = this.#distance;
    }
    return true;
  }

  up({ pointerId }: Touch): void {
    this.#fingers.delete(pointerId);
  }
}
