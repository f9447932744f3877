// What a real browser has and the one of the tests lacks: a canvas to draw on, and a size.

const nothing: unknown = new Proxy(() => nothing, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : nothing),
  set: () => true,
});
HTMLCanvasElement.prototype.getContext = (() => nothing) as unknown as HTMLCanvasElement['getContext'];
globalThis.Path2D ??= class {
  rect(): void {}
  moveTo(): void {}
  lineTo(): void {}
  arc(): void {}
} as unknown as typeof Path2D;

/** A live stream that never connects. */
globalThis.EventSource ??= class extends EventTarget {
  static readonly CLOSED = 2;
  readonly readyState = 0;
  close(): void {}
} as unknown as typeof EventSource;

/** A video of which no picture is ever shown. */
HTMLVideoElement.prototype.requestVideoFrameCallback ??= () => 0;
HTMLVideoElement.prototype.cancelVideoFrameCallback ??= () => undefined;

/** Every picture that was asked for is there at once, unless a test says that pictures take their time. */
export const pictures = { arrive: true };
Object.defineProperty(HTMLImageElement.prototype, 'naturalWidth', {
  get(this: HTMLImageElement): number {
    return pictures.arrive && this.getAttribute('src') ? 640 : 0;
  },
});
Object.defineProperty(HTMLImageElement.prototype, 'naturalHeight', {
  get(this: HTMLImageElement): number {
    return (this.naturalWidth * 3) / 4;
  },
});
