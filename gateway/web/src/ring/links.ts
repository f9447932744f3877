// The links by which the page of a private bucket reads what stands beside it: the hub has signed them, for some days.

import { MINUTES } from '../state/timeline.ts';

interface Links {
  base: string;
  query: string;
  /** How long they hold. */
  until: string;
}

export interface PageLinks extends Links {
  /** By the name of an object. */
  signatures: Record<string, string>;
}

export interface SlotLinks extends Links {
  /** By the end of a name: those of all slots of a day in a row, in base64. */
  slots: Record<string, string>;
}

/** The address of a picture, or of what a minute was: of a slot, and of the minute and revision that it holds now. */
export type SlotAddress = (slot: string, end: string, version: string) => string;

const SIGNATURE_BYTES = 32;
const SIGNATURE = 'X-Amz-Signature=';

const encoded = (name: string): string => name.split('/').map(encodeURIComponent).join('/');
const signed = ({ base, query }: Links, name: string, signature: string): string =>
  `${base}${encoded(name)}?${query}&${SIGNATURE}${signature}`;

/** What is read under it tomorrow is another minute, which no cache can know. */
export const isSigned = (address: string): boolean => address.includes(SIGNATURE);

/** Those that stand in this page; `null` where everybody can read its bucket. */
export function linksOfPage(page: Document): PageLinks | null {
  return JSON.parse(page.getElementById('links')?.textContent || 'null') as PageLinks | null;
}

/** `null` for what was not there yet when they were signed. */
export function linkTo(links: PageLinks, name: string): string | null {
  const signature = links.signatures[name];
  return signature === undefined ? null : signed(links, name, signature);
}

export const folderOf = (site: string): string => `heatmaps/${site}`;
export const slotLinksOf = (site: string): string => `${folderOf(site)}/links.json`;

/** The revision in the address lets every cache keep what it has. */
export const publicSlots =
  (base: string, site: string): SlotAddress =>
  (slot, end, version) =>
    `${base}${encoded(folderOf(site))}/${slot}${end}?v=${version}`;

/** A server sees nothing of the version: with it in the query, it would not know the link. */
export function signedSlots(links: SlotLinks, site: string): SlotAddress {
  const known = new Map(Object.entries(links.slots).map(([end, all]) => [end, atob(all)]));
  return (slot, end, version) => {
    const at = (Number(slot.slice(0, 2)) * 60 + Number(slot.slice(2))) % MINUTES;
    const bytes = (known.get(end) ?? '').slice(at * SIGNATURE_BYTES, (at + 1) * SIGNATURE_BYTES);
    const signature = Array.from(bytes, (one) => one.charCodeAt(0).toString(16).padStart(2, '0')).join('');
    return `${signed(links, `${folderOf(site)}/${slot}${end}`, signature)}#${version}`;
  };
}
