// Small pictures of the past, from sheets of an hour each, which are loaded when somebody points at that hour.

import { devicePath, picture } from '../api/api';
import { HOUR, MINUTE } from '../format/time';

/** One takes 3 MB. */
const SHEETS_KEPT = 16;
/** A picture stands for the moments so near to it. */
const NEAR_MS = 75_000;
/** A sheet that did not come is asked for again after so long. */
const AGAIN_MS = 10_000;
const COLUMNS = 10;
const ROWS = 6;

interface Sheet {
  image: ImageBitmap | null;
  /** Of its pictures, by their place. */
  times: number[];
  asked: number;
}
/** By the clock that nobody sets. */
interface Failure {
  failed: number;
}
export interface SmallPicture {
  image: ImageBitmap;
  x: number;
  y: number;
  width: number;
  height: number;
  time: number;
}

class Sprites {
  /** Counts what has been loaded, so that whoever shows a picture looks again. */
  #loads = $state(0);
  #sheets = new Map<string, Sheet | Failure | 'loading'>();

  /** The picture nearest to a moment; null where there is none, or while its sheet is loading. */
  at(site: string, device: string, at: number): SmallPicture | null {
    void this.#loads;
    const hour = Math.floor(at / HOUR) * HOUR;
    const sheet = this.#sheet(site, device, hour);
    if (!sheet?.image) return null;
    const time = nearest(sheet.times, at);
    return time === null ? null : placed(sheet.image, Math.floor((time - hour) / MINUTE), time);
  }

  #sheet(site: string, device: string, hour: number): Sheet | null {
    const date = new Date(hour).toISOString();
    const address = `${devicePath(site, device)}/sprites/${date.slice(0, 10)}/${date.slice(11, 13)}.jpg?or_none=true`;
    const known = this.#sheets.get(address);
    // Of the hour that goes on there is a picture more every minute.
    const sheet = typeof known === 'object' && 'image' in known ? known : null;
    const isOld = sheet !== null && hour + HOUR > sheet.asked && Math.abs(Date.now() - sheet.asked) > 60_000;
    const isDue = typeof known === 'object' && 'failed' in known && performance.now() - known.failed > AGAIN_MS;
    if (!known || isOld || isDue) {
      if (sheet) sheet.asked = Date.now();
      else this.#sheets.set(address, 'loading');
      void this.#load(address, hour);
    }
    return sheet;
  }

  async #load(address: string, hour: number): Promise<void> {
    try {
      const { image, headers } = await picture(address);
      const seconds = headers.get('x-tile-times')?.split(',') ?? [];
      this.#keep(address, { image, times: seconds.map((one) => hour + Number(one) * 1000), asked: Date.now() });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // One that was there before is older, and better than none.
      if (this.#sheets.get(address) === 'loading') this.#keep(address, { failed: performance.now() });
    }
  }

  #keep(address: string, sheet: Sheet | Failure): void {
    this.#drop(address);
    this.#sheets.set(address, sheet);
    const [oldest] = this.#sheets.keys();
    if (this.#sheets.size > SHEETS_KEPT && oldest) this.#drop(oldest);
    this.#loads += 1;
  }

  #drop(address: string): void {
    const known = this.#sheets.get(address);
    this.#sheets.delete(address);
    if (typeof known === 'object' && 'image' in known) known.image?.close();
  }
}

function nearest(times: readonly number[], at: number): number | null {
  const [first, ...others] = times.filter((time) => Math.abs(time - at) <= NEAR_MS);
  if (first === undefined) return null;
  return others.reduce((best, time) => (Math.abs(time - at) < Math.abs(best - at) ? time : best), first);
}

function placed(image: ImageBitmap, number: number, time: number): SmallPicture {
  const [width, height] = [image.width / COLUMNS, image.height / ROWS];
  return { image, x: (number % COLUMNS) * width, y: Math.floor(number / COLUMNS) * height, width, height, time };
}

export const sprites = new Sprites();
