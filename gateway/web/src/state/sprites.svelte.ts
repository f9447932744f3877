// Small pictures of the past, from sheets of an hour each, which are loaded when somebody points at that hour.

import { devicePath, get, type Sprite } from '../api/api';
import { HOUR } from '../format/time';

const SHEETS_KEPT = 48;
/** A picture stands for the moments so near to it. */
const NEAR_MS = 75_000;

interface Sheet {
  index: Sprite;
  loaded: boolean;
  asked: number;
}
export interface SmallPicture {
  sheet: Sprite;
  column: number;
  row: number;
  time: number;
}

class Sprites {
  /** Counts what has been loaded, so that whoever shows a picture looks again. */
  #loads = $state(0);
  #sheets = new Map<string, Sheet | 'loading' | 'missing'>();

  /** The picture nearest to a moment; null where there is none, or while its sheet is loading. */
  at(site: string, device: string, at: number): SmallPicture | null {
    void this.#loads;
    const hour = Math.floor(at / HOUR) * HOUR;
    const sheet = this.#sheet(site, device, hour);
    if (!sheet?.loaded) return null;
    const { index } = sheet;
    let best: { number: number; time: number } | null = null;
    for (const tile of index.tiles) {
      const time = Date.parse(tile.time);
      if (Math.abs(time - at) <= NEAR_MS && (!best || Math.abs(time - at) < Math.abs(best.time - at)))
        best = { number: tile.number, time };
    }
    return (
      best && {
        sheet: index,
        column: best.number % index.columns,
        row: Math.floor(best.number / index.columns),
        time: best.time,
      }
    );
  }

  #sheet(site: string, device: string, hour: number): Sheet | null {
    const date = new Date(hour).toISOString();
    const address = `${devicePath(site, device)}/sprites/${date.slice(0, 10)}/${date.slice(11, 13)}.json`;
    const known = this.#sheets.get(address);
    // Of the hour that goes on there is a picture more every minute.
    const isOld = typeof known === 'object' && hour + HOUR > known.asked && Date.now() - known.asked > 60_000;
    if (!known || isOld) {
      if (!known) this.#sheets.set(address, 'loading');
      void this.#load(address);
    }
    return typeof known === 'object' ? known : null;
  }

  async #load(address: string): Promise<void> {
    try {
      const index = await get<Sprite>(address);
      const sheet: Sheet = { index, loaded: !index.tiles.length, asked: Date.now() };
      if (index.tiles.length) await picture(index.url);
      sheet.loaded = true;
      this.#keep(address, sheet);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#keep(address, 'missing');
    }
  }

  #keep(address: string, sheet: Sheet | 'missing'): void {
    this.#sheets.delete(address);
    this.#sheets.set(address, sheet);
    const [oldest] = this.#sheets.keys();
    if (this.#sheets.size > SHEETS_KEPT && oldest) this.#sheets.delete(oldest);
    this.#loads += 1;
  }
}

async function picture(address: string): Promise<void> {
  const image = new Image();
  image.src = address;
  await image.decode();
}

export const sprites = new Sprites();
