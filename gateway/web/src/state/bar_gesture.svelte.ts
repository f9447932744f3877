// What a pointer and a wheel do on the time bar: move the handle, choose a range, come closer and go farther.

import { Pinch } from './pinch';

/** A turn of the wheel by this is a step. */
const WHEEL_STEP = 60;
/** Links on the bar: a captured pointer would never click them. */
const LINKS = '.mark, .note';

type Press = Pick<PointerEvent, 'button' | 'pointerId' | 'pointerType' | 'clientX' | 'clientY' | 'shiftKey' | 'target'>;
type Turn = Pick<WheelEvent, 'ctrlKey' | 'deltaX' | 'deltaY' | 'preventDefault'>;

/** What the bar does with them. Places are pixels from its left and upper edge. */
export interface BarActions {
  place: (clientX: number, clientY: number) => { x: number; y: number };
  momentAt: (x: number) => number;
  capture: (pointerId: number) => void;
  /** Whether a drag chooses a range instead of moving the handle. */
  chooses: (shiftKey: boolean) => boolean;
  scrub: (at: number) => void;
  settle: () => void;
  draw: (from: number, to: number) => void;
  choose: () => void;
  zoom: (by: 1 | -1) => void;
  released: () => void;
}

export class BarGesture {
  /** Whether the handle is being dragged. */
  dragging = $state(false);
  /** The moment under the pointer. */
  hover = $state<number | null>(null);
  /** How far below the upper edge the pointer is. */
  y = $state(0);

  #actions: BarActions;
  #pinch: Pinch;
  /** Where the range that is drawn begins. */
  #begun: number | null = null;
  #turned = 0;

  constructor(actions: BarActions) {
    this.#actions = actions;
    this.#pinch = new Pinch(actions.zoom);
  }

  #momentUnder({ clientX, clientY }: Press): number {
    return this.#actions.momentAt(this.#actions.place(clientX, clientY).x);
  }

  grab(event: Press): void {
    if (event.button !== 0 || (event.target as Element | null)?.closest?.(LINKS)) return;
    this.#actions.capture(event.pointerId);
    if (this.#pinch.down(event)) return this.#release();
    const at = this.#momentUnder(event);
    if (this.#actions.chooses(event.shiftKey)) this.#begun = at;
    else {
      this.dragging = true;
      this.#actions.scrub(at);
    }
  }

  move(event: Press): void {
    if (this.#pinch.move(event)) return;
    const at = this.#momentUnder(event);
    this.hover = event.pointerType === 'mouse' || this.dragging || this.#begun !== null ? at : null;
    this.y = this.#actions.place(event.clientX, event.clientY).y;
    if (this.#begun !== null) this.#actions.draw(this.#begun, at);
    if (this.dragging) this.#actions.scrub(at);
  }

  lift(event: Press): void {
    this.#pinch.up(event);
    if (event.pointerType !== 'mouse') this.hover = null;
    this.#release();
  }

  leave(): void {
    this.hover = null;
  }

  #release(): void {
    if (this.dragging) this.#actions.settle();
    if (this.#begun !== null) this.#actions.choose();
    this.dragging = false;
    this.#begun = null;
    this.#actions.released();
  }

  turn(event: Turn): void {
    if (event.ctrlKey || Math.abs(event.deltaY) <= Math.abs(event.deltaX)) return;
    event.preventDefault();
    const isOnward = Math.sign(this.#turned) === Math.sign(event.deltaY);
    this.#turned = isOnward ? this.#turned + event.deltaY : event.deltaY;
    if (Math.abs(this.#turned) < WHEEL_STEP) return;
    this.#actions.zoom(this.#turned < 0 ? 1 : -1);
    this.#turned = 0;
  }

  /** Svelte's own wheel listeners are passive and could not keep the page from scrolling. */
  turns = (node: HTMLElement): { destroy: () => void } => {
    const turned = (event: WheelEvent): void => this.turn(event);
    node.addEventListener('wheel', turned, { passive: false });
    return { destroy: () => node.removeEventListener('wheel', turned) };
  };
}
