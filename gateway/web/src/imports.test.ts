// No files of the page import each other in a circle, and those that draw stand above those that only know.

import { describe, expect, it } from 'vitest';

const sources = import.meta.glob<string>(['./**/*.ts', './**/*.svelte', '!./**/*.test.ts', '!./components/tests/**'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;
const EXPORTED = /^ *export (?:async )?(?:const|function|class|interface|type) (\w+)/gm;
const ROOMS = /^\.\/(api|state|format|components|views)\//;
const ABOVE: Record<string, readonly string[]> = {
  format: ['state', 'components', 'views'],
  api: ['components', 'views'],
  state: ['components', 'views'],
  components: ['views'],
};

/** The file that an import names, with or without its ending. */
function resolved(from: string, named: string): string | undefined {
  const path = new URL(named, `http://page/${from}`).pathname.replace(/^\//, './');
  return [path, `${path}.ts`].find((file) => file in sources);
}

const imports = new Map(
  Object.entries(sources).map(([file, text]) => [
    file,
    [...text.matchAll(IMPORT)].map(([, named]) => resolved(file, named ?? '')).filter((found) => found !== undefined),
  ]),
);

/** The files of a circle that goes through a file, or none. */
function circle(file: string): string[] {
  const paths: string[][] = [[file]];
  const seen = new Set<string>();
  for (let path = paths.shift(); path; path = paths.shift())
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === file) return [...path, file];
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  return [];
}

describe('the files of the page', () => {
  it('are all looked at', () => {
    expect(imports.size).toBeGreaterThan(150);
    expect([...imports.values()].flat().length).toBeGreaterThan(500);
  });

  it('do not import each other in a circle, types included', () => {
    expect([...imports.keys()].map(circle).filter((found) => found.length)).toEqual([]);
  });

  it('give no two things one name', () => {
    const homes = new Map<string, string[]>();
    for (const [file, text] of Object.entries(sources))
      for (const [, name = ''] of text.matchAll(EXPORTED)) homes.set(name, [...(homes.get(name) ?? []), file]);
    const generated = (file: string): boolean => file.startsWith('./api/');
    const doubled = [...homes].filter(([, files]) => files.filter((file) => !generated(file)).length > 1);
    expect(homes.size).toBeGreaterThan(300);
    expect(doubled).toEqual([]);
  });

  it('import nothing of a room above theirs', () => {
    const up = [...imports].flatMap(([file, named]) => {
      const above = ABOVE[ROOMS.exec(file)?.[1] ?? ''] ?? [];
      return named.filter((one) => above.includes(ROOMS.exec(one)?.[1] ?? '')).map((one) => `${file} -> ${one}`);
    });
    expect(up).toEqual([]);
  });
});
