// Points in time made ready for drawing: one axis, and a hole where nothing was measured.

import { THERMAL_FRAME } from '../api/contract.ts';

export type Column = (number | null)[];

export interface Aligned {
  /** Seconds of the epoch, ascending. */
  times: number[];
  columns: Column[];
}

/** Joins several lists of [epoch_ms, value] over one axis; a pause longer than 2.5 steps breaks the lines. */
export function align(lists: readonly (readonly (readonly [number, number | null])[])[], stepMs: number): Aligned {
  const all = [...new Set(lists.flatMap((list) => list.map(([at]) => at)))].sort((a, b) => a - b);
  const axis = all.flatMap((at, i) => {
    const before = all[i - 1];
    return before !== undefined && at - before > 2.5 * stepMs ? [before + stepMs, at] : [at];
  });
  const columns = lists.map((list) => {
    const values = new Map(list);
    return axis.map((at) => values.get(at) ?? null);
  });
  return { times: axis.map((at) => at / 1000), columns };
}

export interface TimeRange {
  from: number;
  to: number;
}

/** What charts show: the time up to now, or around a moment of the past, moving on in eighths so that answers are kept. */
export function chartRange(at: number | null, length: number, now: number): TimeRange {
  const latest = Math.floor(now / 15_000) * 15_000;
  if (at === null) return { from: latest - length, to: latest };
  const step = length / 8;
  const to = Math.max(Math.ceil(at / 1000) * 1000, Math.min(latest, Math.ceil((at + length / 4) / step) * step));
  return { from: to - length, to };
}

/** The place of the last value that is not after `seconds` nor older than `within`. */
export function indexAt(times: readonly number[], seconds: number, within: number): number | null {
  const index = times.findLastIndex((time) => time <= seconds);
  return index >= 0 && seconds - (times[index] ?? 0) <= within ? index : null;
}

/** A picture's share of [0, 1] to sensor cells: the start rounded down, the end up, so that edges are reachable. */
export function sensorBox(
  a: [number, number],
  b: [number, number],
  width: number = THERMAL_FRAME.columns,
  height: number = THERMAL_FRAME.rows,
): [[number, number], [number, number]] {
  const low = (u: number, v: number, n: number): number => Math.max(0, Math.min(n - 1, Math.floor(Math.min(u, v) * n)));
  const high = (u: number, v: number, n: number): number => Math.max(1, Math.min(n, Math.ceil(Math.max(u, v) * n)));
  const [x1, y1] = [low(a[0], b[0], width), low(a[1], b[1], height)];
  return [
    [x1, y1],
    [Math.max(x1 + 1, high(a[0], b[0], width)), Math.max(y1 + 1, high(a[1], b[1], height))],
  ];
}

/** So many that the regions of one device can be distinguished. */
export const ROI_COLOURS = [
  '#2196F3',
  '#4CAF50',
  '#FF9800',
  '#E91E63',
  '#9C27B0',
  '#1797a6',
  '#8a8f1f',
  '#a0714f',
  '#6f7f95',
  '#d9534f',
] as const;
export const roiColour = (index: number): string => ROI_COLOURS[index % ROI_COLOURS.length] ?? ROI_COLOURS[0];

export interface Threshold {
  level: 'warning' | 'critical' | 'emergency';
  value: number;
}

export const thresholdsOf = (roi: { thresholds: Record<Threshold['level'], number> } | undefined): Threshold[] =>
  roi ? (['warning', 'critical', 'emergency'] as const).map((level) => ({ level, value: roi.thresholds[level] })) : [];

/** Of several lines the one that is nearest to its first threshold, or furthest above it. */
export function nearestToThreshold(
  lines: readonly { newest: number | null; thresholds: readonly Threshold[] }[],
): number {
  const room = lines.map(({ newest, thresholds }) =>
    newest === null || !thresholds[0] ? Infinity : thresholds[0].value - newest,
  );
  const least = Math.min(...room);
  return least === Infinity ? -1 : room.indexOf(least);
}

/** What a chart shows from bottom to top: its values, and the threshold that they would reach next. */
export function spanWith(low: number, high: number, thresholds: readonly Threshold[]): [number, number] {
  const next = thresholds.map((one) => one.value).filter((value) => value > high);
  return [low, next.length ? Math.min(...next) : high];
}

interface Proposed {
  name: string;
  weight: number;
  emissivity: number;
  thresholds: { warning: number; critical: number; emergency: number };
}

/** What is wrong with a region, in words; null when nothing is. */
export function roiProblem(roi: Proposed, others: readonly string[]): string | null {
  const { warning, critical, emergency } = roi.thresholds;
  if (!roi.name.trim()) return 'Give the region a name, then save';
  if (others.includes(roi.name.trim())) return `Two regions are called ${roi.name.trim()}`;
  if (!(roi.weight > 0)) return 'The weight must be above 0';
  if (!(roi.emissivity >= 0.1 && roi.emissivity <= 1)) return 'The emissivity must lie between 0.1 and 1';
  if (!(warning < critical && critical < emergency))
    return 'The thresholds must rise from warning over critical to emergency';
  return null;
}

interface Compared {
  enabled: boolean;
  group?: string | null;
  limits: { above_group_c?: number | null };
}

/** A limit of a region that nothing can pass, in words; null where each can be. */
export function idleLimit(roi: Compared, rois: readonly Compared[]): string | null {
  if ((roi.limits.above_group_c ?? null) === null) return null;
  if (!roi.group) return 'It has no group: nothing is compared with it';
  const others = rois.filter((other) => other !== roi && other.enabled && other.group === roi.group);
  return others.length ? null : `No other region is in the group ${roi.group}: nothing is compared with it`;
}
