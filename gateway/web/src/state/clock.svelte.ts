// The page's own ticking, stopped while nobody looks, and whether somebody does.

class Ticker {
  now = $state(Date.now());
  visible = $state(!document.hidden);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#changed());
    this.#changed();
  }

  #changed(): void {
    this.visible = !document.hidden;
    clearInterval(this.#timer);
    if (!this.visible) return;
    this.now = Date.now();
    this.#timer = setInterval(() => (this.now = Date.now()), 1000);
  }
}

export const ticker = new Ticker();
