// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ShapeEditor } from './shapeeditor.svelte';

interface Named {
  name: string;
  at: number;
}
const list = {
  path: '/api/v1/sites/DEMO/devices/yard/zones',
  key: 'zones' as const,
  cleaned: (one: Named) => ({ ...one, name: one.name.trim() }),
  problemOf: (all: readonly Named[]) => (all.some((one) => !one.name.trim()) ? 'Every zone needs a name' : null),
};
const ramp = (): Named[] => [{ name: 'Ramp', at: 1 }];
const pointer = (x: number, button = 0): PointerEvent =>
  ({ button, clientX: x, clientY: 0, pointerId: 1, stopPropagation: () => undefined }) as unknown as PointerEvent;

function editor(initial = ramp()): ShapeEditor<Named> {
  const made = new ShapeEditor<Named>(list, initial);
  const canvas = document.createElement('div');
  canvas.getBoundingClientRect = () => ({ left: 0, top: 0, width: 100, height: 100 }) as DOMRect;
  canvas.setPointerCapture = () => undefined;
  made.canvas = canvas;
  return made;
}

afterEach(() => vi.unstubAllGlobals());

describe('an editor of shapes', () => {
  it('begins with the first one chosen, and nothing to save or take back', () => {
    const { chosen, isSaved, canUndo } = editor();

    expect({ chosen, isSaved, canUndo }).toEqual({ chosen: 0, isSaved: true, canUndo: false });
    expect(editor([]).chosen).toBeNull();
  });

  it('says of a drag how far it went, in shares of the picture, until it is let go', () => {
    const shapes = editor();
    const seen: number[] = [];
    shapes.hold(pointer(20), 0, (dx) => seen.push(dx));
    shapes.drag(pointer(45));
    shapes.release();
    shapes.drag(pointer(90));

    expect(seen).toEqual([0.25]);
  });

  it('is not dragged with another button', () => {
    const shapes = editor();
    const seen: number[] = [];
    shapes.hold(pointer(20, 2), 0, (dx) => seen.push(dx));
    shapes.drag(pointer(45));

    expect(seen).toEqual([]);
  });

  it('hands on nothing that is answered after it was closed', async () => {
    let resolve: (answer: Response) => void = () => undefined;
    const promise = new Promise<Response>((then) => (resolve = then));
    vi.stubGlobal('fetch', () => promise);
    const shapes = editor();
    const saved = vi.fn();
    const saving = shapes.save(saved);
    shapes.close();
    resolve(Response.json({ zones: ramp() }));
    await saving;

    expect(saved).not.toHaveBeenCalled();
  });

  it('takes a whole drag back at once', () => {
    const shapes = editor();
    shapes.hold(pointer(0), 0, (dx) => {
      if (shapes.shape) shapes.shape.at = dx;
    });
    for (const x of [10, 20, 30]) shapes.drag(pointer(x));
    shapes.release();
    expect(shapes.shape?.at).toBe(0.3);

    shapes.undo();

    expect(shapes.shapes).toEqual(ramp());
    expect([shapes.isSaved, shapes.canUndo]).toEqual([true, false]);
  });

  it('takes changes back one by one, the newest first', () => {
    const shapes = editor();
    shapes.add({ name: 'Gate', at: 2 });
    shapes.remove(0);
    expect(shapes.shapes.map((one) => one.name)).toEqual(['Gate']);

    shapes.undo();
    expect(shapes.shapes.map((one) => one.name)).toEqual(['Ramp', 'Gate']);
    shapes.undo();
    expect(shapes.shapes.map((one) => one.name)).toEqual(['Ramp']);
    shapes.undo();
    expect(shapes.shapes.map((one) => one.name)).toEqual(['Ramp']);
  });

  it('does not remember a click that changed nothing', () => {
    const shapes = editor();
    shapes.hold(pointer(0), 0, () => undefined);
    shapes.release();

    expect(shapes.canUndo).toBe(false);
  });

  it('does not send what lacks a name, and says so', async () => {
    const asked = vi.fn();
    vi.stubGlobal('fetch', asked);
    const shapes = editor();
    shapes.add({ name: ' ', at: 2 });

    await shapes.save(() => undefined);

    expect([shapes.message, shapes.wrong]).toEqual(['Every zone needs a name', true]);
    expect(asked).not.toHaveBeenCalled();
  });

  it.each([
    [200, 'Saved: the device has confirmed it', true],
    [202, 'Sent; the device has not confirmed it yet', false],
  ])('says what became of it: %i', async (status, words, isSaved) => {
    const sent: string[] = [];
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      sent.push(String(init.body));
      return Promise.resolve(Response.json({ zones: [{ name: 'Yard', at: 1 }] }, { status }));
    });
    const shapes = editor();
    if (shapes.shape) shapes.shape.name = ' Yard ';

    await shapes.save(() => undefined);

    expect(sent).toEqual(['{"zones":[{"name":"Yard","at":1}]}']);
    expect([shapes.message, shapes.isSaved]).toEqual([words, isSaved]);
  });

  it('shows what was refused, field by field', async () => {
    const body = { title: 'Bad Request', errors: [{ path: 'zones.0.name', message: 'is too long' }] };
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json(body, { status: 400 })));
    const shapes = editor();

    await shapes.save(() => undefined);

    expect([shapes.message, shapes.wrong]).toEqual(['Not saved: see the list', true]);
    expect(shapes.refused?.errors).toEqual(body.errors);
  });
});
