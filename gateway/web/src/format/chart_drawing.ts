// What charts draw themselves: where the labels of their time axis stand, thresholds, and the moment that the page shows.

import type uPlot from 'uplot';
import type { Threshold } from './series';
import { DAY, HOUR, MINUTE, dayTicks, hourTicks } from './time';

const NARROW_PX = 480;
const WIDTH_OF_A_DATE_PX = 90;

type ColourOf = (name: string) => string;

/** So many that their dates fit. */
const daysApart = (span: number, width: number): number =>
  Math.max(1, Math.ceil(span / DAY / Math.max(2, width / WIDTH_OF_A_DATE_PX)));

/** The moments that the time axis names, in seconds as its ends are. */
export function timeSplits(low: number, high: number, width: number, zone: string): number[] {
  const span = (high - low) * 1000;
  if (span > 2 * DAY)
    return dayTicks(low * 1000, high * 1000, zone, daysApart(span, width)).map((tick) => tick.at / 1000);
  if (span > 5 * HOUR) {
    const every = span > 12 * HOUR ? (width < NARROW_PX ? 6 : 3) : 1;
    return hourTicks(low * 1000, high * 1000, zone, every).map((tick) => tick.at / 1000);
  }
  const step = (span > 2 * HOUR ? 30 : span > 40 * MINUTE ? (width < NARROW_PX ? 15 : 10) : 3) * 60;
  return Array.from(
    { length: Math.floor(high / step) - Math.ceil(low / step) + 1 },
    (_, i) => (Math.ceil(low / step) + i) * step,
  );
}

/** Dashed lines with their level and value, as far as they fit. */
export function drawThresholds(u: uPlot, thresholds: readonly Threshold[], unit: string, colour: ColourOf): void {
  const { left, top, width: wide, height: high } = u.bbox;
  u.ctx.save();
  u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  u.ctx.textAlign = 'right';
  u.ctx.textBaseline = 'alphabetic'; // uPlot leaves that of its axes
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  let lowest = Infinity;
  for (const { level, value } of [...thresholds].reverse()) {
    const y = Math.round(u.valToPos(value, 'y', true));
    if (y < top || y > top + high) continue;
    u.ctx.strokeStyle = u.ctx.fillStyle = colour(level === 'warning' ? '--warn' : '--crit');
    u.ctx.beginPath();
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + wide, y);
    u.ctx.stroke();
    const text = `${level} ${value} ${unit}`;
    const below = y - 14 * devicePixelRatio < top;
    if (Math.abs(lowest - y) > 13 * devicePixelRatio)
      u.ctx.fillText(
        text,
        left + wide - 4 * devicePixelRatio,
        below ? y + 12 * devicePixelRatio : y - 4 * devicePixelRatio,
      );
    lowest = y;
  }
  u.ctx.restore();
}

/** The page's moment as a line, and what came after it veiled. */
export function drawMoment(u: uPlot, moment: number, colour: ColourOf): void {
  const { left, top, width: wide, height: high } = u.bbox;
  const x = Math.round(u.valToPos(moment / 1000, 'x', true));
  u.ctx.save();
  u.ctx.globalAlpha = 0.55;
  u.ctx.fillStyle = colour('--surface');
  u.ctx.fillRect(x, top, left + wide - x, high);
  u.ctx.globalAlpha = 1;
  u.ctx.fillStyle = colour('--past');
  u.ctx.fillRect(x - devicePixelRatio, top, 2 * devicePixelRatio, high);
  u.ctx.restore();
}
