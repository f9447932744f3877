import { describe, expect, it } from 'vitest';
import { paint, readFrame } from './thermal_frame';

/** As NumPy writes it: 2 rows of 2, half precision. */
function frame(values: number[], shape = '(2, 2)', type = '<f2'): ArrayBuffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  const data = new DataView(new ArrayBuffer(10 + header.length + values.length * 2));
  [0x93, ...[...'NUMPY'].map((c) => c.charCodeAt(0)), 1, 0].forEach((byte, i) => data.setUint8(i, byte));
  data.setUint16(8, header.length, true);
  [...header].forEach((c, i) => data.setUint8(10 + i, c.charCodeAt(0)));
  values.forEach((bits, i) => data.setUint16(10 + header.length + i * 2, bits, true));
  return data.buffer;
}

describe('a raw thermal frame', () => {
  it('is read as it was measured', () => {
    const found = readFrame(frame([0x4d00, 0xc500, 0x3c00, 0x7e00])); // 20, -5, 1 and no number
    expect(found && [found.rows, found.columns, ...found.celsius]).toEqual([2, 2, 20, -5, 1, NaN]);
  });

  it.each([
    ['nothing', new ArrayBuffer(0)],
    ['another format', new TextEncoder().encode('P5 not a frame at all').buffer],
    ['another type', frame([1, 2, 3, 4], '(2, 2)', '<f8')],
    ['fewer values than it says', frame([1, 2, 3])],
  ])('is none of %s', (_, bytes) => expect(readFrame(bytes as ArrayBuffer)).toBeNull());

  it('is painted from its coldest to its hottest pixel', () => {
    const pixels = paint({ rows: 1, columns: 3, celsius: Float32Array.from([10, 30, NaN]) });
    expect([...pixels]).toEqual([0, 0, 4, 255, 252, 255, 164, 255, 0, 0, 4, 255]);
  });
});
