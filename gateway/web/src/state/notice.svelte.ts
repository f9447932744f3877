// What is said for a moment over what somebody watches.

const SHOWN_MS = 1000;

export class Notice {
  text = $state('');
  /** Which of all it is, so that the same words are said anew. */
  number = $state(0);

  constructor() {
    $effect(() => {
      void this.number;
      if (!this.text) return;
      const timer = setTimeout(() => (this.text = ''), SHOWN_MS);
      return () => clearTimeout(timer);
    });
  }

  say(text: string): void {
    this.text = text;
    this.number += 1;
  }
}
