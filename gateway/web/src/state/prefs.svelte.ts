// What a person chose on this machine, remembered there.

import { storage } from './storage';

export type Theme = 'auto' | 'dark' | 'light';

const THEMES: readonly Theme[] = ['auto', 'dark', 'light'];

const remembered = (key: string): string => storage.get(key) ?? '';

export type Arrangement = Partial<Record<'layout' | 'group' | 'columns', string>>;

/** Whatever stands there may be of another release. */
export function arrangementFrom(text: string): Arrangement {
  try {
    const found: unknown = JSON.parse(text || '{}');
    const said = typeof found === 'object' && found !== null ? Object.entries(found) : [];
    return Object.fromEntries(said.filter(([, value]) => typeof value === 'string'));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

class Preferences {
  theme = $state<Theme>(THEMES.find((one) => one === remembered('theme')) ?? 'auto');
  operator = $state(remembered('operator'));
  site = remembered('site');
  wall = $state.raw<Arrangement>(arrangementFrom(remembered('wall')));
  #system = matchMedia('(prefers-color-scheme: light)');
  #systemLight = $state(this.#system.matches);

  constructor() {
    this.#system.addEventListener('change', (event) => (this.#systemLight = event.matches));
  }

  get shown(): 'dark' | 'light' {
    return this.theme === 'auto' ? (this.#systemLight ? 'light' : 'dark') : this.theme;
  }

  nextTheme(): void {
    this.theme =
      this.theme === 'auto' ? (this.#systemLight ? 'dark' : 'light') : this.theme === 'dark' ? 'light' : 'dark';
    storage.set('theme', this.theme);
  }

  followSystem(): void {
    this.theme = 'auto';
    storage.remove('theme');
  }

  arrangeWall(changes: Arrangement): void {
    this.wall = { ...this.wall, ...changes };
    storage.set('wall', JSON.stringify(this.wall));
  }

  remember(key: 'operator' | 'site', value: string): void {
    this[key] = value;
    storage.set(key, value);
  }
}

export const prefs = new Preferences();
