// A value that moves often and is worth acting on when it rests, or at the latest after a while of moving.

export class Settling<T> {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since: number | null = null;

  constructor(
    private readonly rest: number,
    private readonly longest: number,
    private readonly settled: (value: T) => void,
  ) {}

  move(value: T): void {
    const now = performance.now();
    this.#since ??= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(value), Math.max(0, Math.min(this.rest, this.#since + this.longest - now)));
  }

  now(value: T): void {
    this.stop();
    this.settled(value);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#since = null;
  }
}
