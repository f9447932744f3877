// How a wall may be laid out and grouped, as the address and the buttons say it.

export const LAYOUTS = ['tiles', 'focus', 'list'] as const;
export type Layout = (typeof LAYOUTS)[number];
export const layoutWords: Record<Layout, string> = { tiles: 'Tiles', focus: 'Worst large', list: 'List' };
export const layoutOf = (asked: string | undefined): Layout => LAYOUTS.find((one) => one === asked) ?? 'tiles';

export const GROUPINGS = ['none', 'site', 'zone', 'condition', 'kind'] as const;
export type Grouping = (typeof GROUPINGS)[number];
export const groupingWords: Record<Grouping, string> = {
  none: 'No groups',
  site: 'By site',
  zone: 'By zone',
  condition: 'By condition',
  kind: 'By kind',
};
export const groupingOf = (asked: string | undefined): Grouping => GROUPINGS.find((one) => one === asked) ?? 'none';

export const MOST_COLUMNS = 8;
