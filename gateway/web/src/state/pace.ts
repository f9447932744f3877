// How often pictures are asked for, so that a wall of two hundred asks no more of gateway and network than one of four.

/** Pictures a second that the whole page asks for at most. */
export const PICTURES_PER_S = 5;
/** Bytes of pictures a second on a small screen, which may be paid for by volume: 50 MB an hour. */
export const SMALL_SCREEN_BYTES_PER_S = 14_000;

/** Milliseconds between two pictures of one tile, of which `watching` are on screen. */
export function pauseOf(wanted: number, watching: number, bytes: number, bytesPerS: number): number {
  const byRequests = (watching * 1000) / PICTURES_PER_S;
  const byBytes = bytesPerS > 0 ? (watching * bytes * 1000) / bytesPerS : 0;
  return Math.max(wanted, byRequests, byBytes);
}

const STEP = 80;

/** The width to ask for: what is shown, in steps, so that a window that is dragged does not ask for every width. */
export function widthToAsk(shown: number, density: number, small: boolean): number {
  const pixels = shown * Math.min(2, Math.max(1, density));
  const width = Math.ceil(pixels / STEP) * STEP;
  return Math.max(STEP, small ? Math.min(320, width) : width);
}
