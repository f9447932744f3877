// Pictures for the played gateway: scenes and thermal frames drawn pixel by pixel, as PNG.

import { crc32, deflateSync } from 'node:zlib';

export type Colour = readonly [number, number, number];

export class Raster {
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Uint8Array(width * height * 3);
  }

  set(x: number, y: number, [r, g, b]: Colour): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const i = (y * this.width + x) * 3;
    this.data[i] = r;
    this.data[i + 1] = g;
    this.data[i + 2] = b;
  }

  rect(x: number, y: number, w: number, h: number, colour: Colour): void {
    for (let j = Math.round(y); j < y + h; j++) for (let i = Math.round(x); i < x + w; i++) this.set(i, j, colour);
  }

  disc(x: number, y: number, r: number, colour: Colour): void {
    for (let j = -r; j <= r; j++)
      for (let i = -r; i <= r; i++) if (i * i + j * j <= r * r) this.set(Math.round(x + i), Math.round(y + j), colour);
  }

  paste(other: Raster, x: number, y: number): void {
    for (let j = 0; j < other.height; j++) {
      const from = j * other.width * 3;
      this.data.set(other.data.subarray(from, from + other.width * 3), ((y + j) * this.width + x) * 3);
    }
  }

  png(): Buffer {
    const rows = Buffer.alloc((this.width * 3 + 1) * this.height);
    for (let y = 0; y < this.height; y++)
      rows.set(this.data.subarray(y * this.width * 3, (y + 1) * this.width * 3), y * (this.width * 3 + 1) + 1);
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.width, 0);
    header.writeUInt32BE(this.height, 4);
    header.set([8, 2, 0, 0, 0], 8);
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    return Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows, { level: 1 })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
  return framed;
}

const mix = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

export interface Walker {
  x: number;
  y: number;
  h: number;
}

export function walkersAt(seed: number, ms: number, count: number): Walker[] {
  return Array.from({ length: count }, (_, i) => {
    const pace = 0.006 + ((seed * 7 + i * 13) % 10) / 1500;
    const phase = ((ms / 1000) * pace + ((seed * 31 + i * 57) % 100) / 100) % 1;
    return {
      x: i % 2 ? 1.05 - phase * 1.1 : phase * 1.1 - 0.05,
      y: 0.52 + ((seed + i * 5) % 7) * 0.045,
      h: 0.16 + ((seed + i * 5) % 7) * 0.02,
    };
  });
}

/** A yard by day: sky, wall, doors, ground in perspective, and people who cross it. */
export function scene(seed: number, ms: number, people: number, width: number, height: number): Raster {
  const picture = new Raster(width, height);
  const tint: Colour[] = [
    [92, 104, 112],
    [108, 101, 92],
    [86, 96, 90],
    [98, 92, 104],
    [90, 100, 118],
  ];
  const wall = tint[seed % tint.length] ?? [90, 100, 110];
  const horizon = Math.round(height * 0.46);
  for (let y = 0; y < height; y++) {
    const above = y < horizon;
    const colour = above
      ? mix([168, 182, 194], [196, 203, 206], y / horizon)
      : mix([104, 104, 100], [66, 67, 66], (y - horizon) / (height - horizon));
    for (let x = 0; x < width; x++) {
      const grain = ((x * 7919 + y * 104729 + seed * 31 + Math.floor(ms / 500) * 17) % 13) - 6;
      picture.set(x, y, [colour[0] + grain / 2, colour[1] + grain / 2, colour[2] + grain / 2]);
    }
  }
  for (let i = 0; i < 5; i++) {
    const left = ((i * 0.23 + (seed % 5) * 0.06) % 1.1) * width - width * 0.08;
    const tall = height * (0.2 + ((seed + i * 3) % 5) * 0.045);
    const face = mix(wall, [40, 46, 54], i * 0.09);
    picture.rect(left, horizon - tall, width * 0.19, tall + 2, face);
    for (let k = 0; k < 6; k++)
      picture.rect(
        left + width * (0.015 + (k % 3) * 0.055),
        horizon - tall + height * (0.03 + Math.floor(k / 3) * 0.08),
        width * 0.03,
        height * 0.04,
        mix(face, [222, 214, 178], 0.35),
      );
  }
  for (let i = -6; i < 8; i++)
    for (let y = horizon; y < height; y += 1)
      picture.set(Math.round(width / 2 + i * width * 0.09 * (1 + (3 * (y - horizon)) / height)), y, [124, 123, 116]);
  for (const { x, y, h } of walkersAt(seed, ms, people)) {
    const [px, py, ph] = [x * width, y * height, h * height];
    picture.rect(px - ph * 0.12, py - ph * 0.62, ph * 0.26, ph * 0.4, [((seed * 53) % 120) + 40, 62, 78]);
    picture.rect(px - ph * 0.1, py - ph * 0.24, ph * 0.09, ph * 0.3, [38, 40, 46]);
    picture.rect(px + ph * 0.03, py - ph * 0.24, ph * 0.09, ph * 0.3, [38, 40, 46]);
    picture.disc(px, py - ph * 0.72, Math.max(2, Math.round(ph * 0.1)), [196, 160, 138]);
  }
  return picture;
}

export function thermalField(ms: number): number[] {
  const sway = Math.sin(ms / 9000);
  return Array.from({ length: 768 }, (_, i) => {
    const [x, y] = [i % 32, Math.floor(i / 32)];
    const core = 52 * Math.exp(-((x - 16) ** 2 + (y - 12) ** 2) / 60);
    const spot = (34 + 5 * sway) * Math.exp(-((x - 20) ** 2 + (y - 6) ** 2) / 5);
    return 24 + core + spot + ((i * 7919 + Math.floor(ms / 300)) % 10) / 12;
  });
}

const inferno: Colour[] = [
  [0, 0, 4],
  [40, 11, 84],
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
];

export function thermalPicture(ms: number, width: number, height: number): Raster {
  const field = thermalField(ms);
  const [low, high] = [Math.min(...field), Math.max(...field)];
  const picture = new Raster(width, height);
  const at = (x: number, y: number): number =>
    field[Math.min(23, Math.max(0, y)) * 32 + Math.min(31, Math.max(0, x))] ?? 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [(x / width) * 32 - 0.5, (y / height) * 24 - 0.5];
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const [a, b] = [u - i, v - j];
      const t = (at(i, j) * (1 - a) + at(i + 1, j) * a) * (1 - b) + (at(i, j + 1) * (1 - a) + at(i + 1, j + 1) * a) * b;
      const share = ((t - low) / (high - low)) * (inferno.length - 1);
      const k = Math.min(inferno.length - 2, Math.floor(share));
      picture.set(x, y, mix(inferno[k] ?? [0, 0, 0], inferno[k + 1] ?? [0, 0, 0], share - k));
    }
  return picture;
}

export function fused(visual: Raster, thermal: Raster): Raster {
  const picture = new Raster(visual.width, visual.height);
  for (let i = 0; i < picture.data.length; i++)
    picture.data[i] = 0.6 * (visual.data[i] ?? 0) + 0.4 * (thermal.data[i] ?? 0);
  return picture;
}
