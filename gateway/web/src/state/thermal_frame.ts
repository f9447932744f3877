// A raw frame of a thermal sensor, as devices keep it: NumPy's file format, 16 bit floating point, °C.

import { colourOf } from './inferno';

export interface ThermalFrame {
  rows: number;
  columns: number;
  celsius: Float32Array;
}

/** Half precision, IEEE 754. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Null for bytes that are no such frame. */
export function readFrame(bytes: ArrayBuffer): ThermalFrame | null {
  const data = new DataView(bytes);
  if (data.byteLength < 12 || data.getUint8(0) !== 0x93) return null;
  const wide = data.getUint8(6) > 1;
  const start = wide ? 12 : 10;
  const length = wide ? data.getUint32(8, true) : data.getUint16(8, true);
  if (start + length > data.byteLength) return null;
  const header = new TextDecoder('latin1').decode(new Uint8Array(bytes, start, length));
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  const [rows, columns] = [Number(shape?.[1]), Number(shape?.[2])];
  if (!header.includes("'<f2'") || !(rows * columns > 0) || start + length + rows * columns * 2 > data.byteLength)
    return null;
  const celsius = Float32Array.from({ length: rows * columns }, (_, i) =>
    half(data.getUint16(start + length + i * 2, true)),
  );
  return { rows, columns, celsius };
}

/** From the coldest pixel to the hottest. */
export function paint(frame: ThermalFrame): Uint8ClampedArray<ArrayBuffer> {
  const known = [...frame.celsius].filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const pixels = new Uint8ClampedArray(frame.celsius.length * 4);
  frame.celsius.forEach((celsius, i) => {
    const share = Number.isFinite(celsius) ? (celsius - low) / Math.max(0.1, high - low) : 0;
    pixels.set([...colourOf(share), 255], i * 4);
  });
  return pixels;
}
