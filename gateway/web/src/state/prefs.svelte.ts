// What a person chose on this machine, remembered there.

export type Theme = 'auto' | 'dark' | 'light';

function remembered(key: string, otherwise: string): string {
  return localStorage.getItem(`watchpost.${key}`) ?? otherwise;
}

export type Arrangement = Partial<Record<'layout' | 'group' | 'columns', string>>;

function arrangement(): Arrangement {
  try {
    return JSON.parse(remembered('wall', '{}')) as Arrangement;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

class Preferences {
  theme = $state<Theme>(remembered('theme', 'auto') as Theme);
  operator = $state(remembered('operator', ''));
  site = remembered('site', '');
  wall = $state.raw<Arrangement>(arrangement());
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
    localStorage.setItem('watchpost.theme', this.theme);
  }

  followSystem(): void {
    this.theme = 'auto';
    localStorage.removeItem('watchpost.theme');
  }

  arrangeWall(changes: Arrangement): void {
    this.wall = { ...this.wall, ...changes };
    localStorage.setItem('watchpost.wall', JSON.stringify(this.wall));
  }

  remember(key: 'operator' | 'site', value: string): void {
    this[key] = value;
    localStorage.setItem(`watchpost.${key}`, value);
  }
}

export const prefs = new Preferences();
