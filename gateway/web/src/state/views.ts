// The views of the page, by the names that they have in the address.

export const VIEWS = ['wall', 'device', 'timeline', 'playback', 'dashboard', 'alerts', 'system', 'settings'] as const;
/** `nowhere` is a path that leads to no view. */
export type View = (typeof VIEWS)[number] | 'nowhere';
