// How much room there is: a phone is held in a hand, and its data may be paid for by volume.

class Screen {
  #narrow = matchMedia('(max-width: 719px)');
  small = $state(this.#narrow.matches);

  constructor() {
    this.#narrow.addEventListener('change', (event) => (this.small = event.matches));
  }
}

export const screen = new Screen();
