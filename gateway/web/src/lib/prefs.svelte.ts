// What a person chose on this machine, remembered there.

export type Theme = 'auto' | 'dark' | 'light';

function remembered(key: string, otherwise: string): string {
  return localStorage.getItem(`watchpost.${key}`) ?? otherwise;
}

class Preferences {
  theme = $state<Theme>(remembered('theme', 'auto') as Theme);
  operator = $state(remembered('operator', ''));
  site = remembered('site', '');
  #system = matchMedia('(prefers-color-scheme: light)');
  #systemLight = $state(this.#system.matches);

  constructor() {
    this.#system.addEventListener('change', (event) => (this.#systemLight = event.matches));
  }

  get shown(): 'dark' | 'light' {
    return this.theme === 'auto' ? (this.#systemLight ? 'light' : 'dark') : this.theme;
  }

  nextTheme(): void {
    this.theme = this.theme === 'auto' ? (this.#systemLight ? 'dark' : 'light') : this.theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem('watchpost.theme', this.theme);
  }

  followSystem(): void {
    this.theme = 'auto';
    localStorage.removeItem('watchpost.theme');
  }

  remember(key: 'operator' | 'site', value: string): void {
    this[key] = value;
    localStorage.setItem(`watchpost.${key}`, value);
  }
}

export const prefs = new Preferences();
