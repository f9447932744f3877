import { expect, it } from 'vitest';
import { distinctly } from './distinct';

const gate = { device: 'gate', name: 'Gate' };
const dock = { device: 'dock', name: 'Dock' };
const other = { device: 'gate-2', name: 'Gate' };
const idOf = (one: { device: string }): string => one.device;

it('distinguishes those that have one name', () => {
  expect(distinctly([gate, dock, other], idOf).map((one) => one.name)).toEqual([
    'Gate (gate)',
    'Dock',
    'Gate (gate-2)',
  ]);
});

it('leaves the others as they are, so that they are not drawn again', () => {
  const [first, second] = distinctly([gate, dock], idOf);

  expect(first).toBe(gate);
  expect(second).toBe(dock);
});
