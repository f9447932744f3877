// What the played sensors measured.

import { iso, recorded, regions, type FakeDevice } from '../world.ts';
import { type Schemas, position } from './basics.ts';

export const wave = (ms: number, seed: number, per: number): number =>
  Math.sin(ms / per + seed) + 0.4 * Math.sin(ms / (per / 3.7) + seed * 2);

export function seriesOf(from: number, to: number, step: number, d: FakeDevice): number[] {
  const first = Math.ceil(from / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((Math.min(to, Date.now()) - first) / step) + 1) },
    (_, i) => first + i * step,
  ).filter((at) => recorded(d, at));
}

export function temperatures(times: number[], d: FakeDevice): unknown {
  const of = (base: number, swing: number, k: number): number[][] =>
    times.map((at) => {
      const t = base + swing * wave(at, d.seed + k, 5_000_000);
      return [at, t - 9, t, t - 4];
    });
  return [
    ['composite', 84, 4, 0],
    ['full_frame', 88, 6, 1],
    ['top_winding', 90, 6, 1],
    ['middle_core', 77, 3, 2],
    ['bottom_oil', 52, 3, 3],
  ].map(([roi, base, swing, k]) => ({ roi, unit: '°C', points: of(Number(base), Number(swing), Number(k)) }));
}

export function thermal(): Schemas['NewestThermal'] {
  const now = Date.now();
  const all = regions(now);
  const [min, max, mean] = [all[0]?.min_temp ?? 20, all[0]?.max_temp ?? 90, all[0]?.avg_temp ?? 40];
  return {
    time: iso(now),
    position: position(),
    media: [],
    frame_stats: {
      min_temp: min,
      max_temp: max,
      avg_temp: mean,
      median_temp: mean,
      std_dev: 4,
      percentile_5: null,
      percentile_95: null,
    },
    regions: all.map((one) => ({
      ...one,
      confirmed_level: one.alert_level,
      peak_temp: one.max_temp + 1.4,
      confirmed_temp: one.max_temp + 1.1,
      thresholds: null,
      group: null,
      revision: null,
    })),
    hot_spots: [{ center: [20, 6], max_temp: max, avg_temp: 83.3, area: 9 }],
    composite_temperature: 84.6,
    sensor_temp: 31.2,
    width: 32,
    height: 24,
    peak_temp: max + 1.4,
    confirmed_max_temp: max + 1.1,
    ambient_temp: null,
    gradient_max: 40.2,
    bad_pixels: 1,
    clamped_pixels: 0,
    transformer: null,
  };
}
