// Pixels of a thermal sensor as people write them: `12, 7; 3, 4`.

export type Pixel = [number, number];

export interface WrittenPixels {
  pixels: Pixel[];
  /** What cannot be read, in a sentence; nothing of it is to be saved then. */
  trouble: string;
}

const FARTHEST = 65_535;
const PAIR = /^(\d{1,9})\s*[,\s]\s*(\d{1,9})$/;

export function pixelsOf(text: string): WrittenPixels {
  const pixels: Pixel[] = [];
  for (const part of text.split(/[;\n]/).map((one) => one.trim())) {
    if (!part) continue;
    const [, x, y] = PAIR.exec(part) ?? [];
    if (x === undefined || y === undefined)
      return { pixels: [], trouble: `“${part}” is no pixel: write x, y, as in 12, 7; 3, 4` };
    if (Number(x) > FARTHEST || Number(y) > FARTHEST)
      return { pixels: [], trouble: `“${part}” is beyond ${FARTHEST.toLocaleString('en')}` };
    pixels.push([Number(x), Number(y)]);
  }
  return { pixels, trouble: '' };
}

export const pixelText = (pixels: readonly (readonly number[])[]): string =>
  pixels.map((one) => one.join(', ')).join('; ');
