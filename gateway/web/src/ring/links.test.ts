import { describe, expect, it } from 'vitest';
import { isSigned, linkTo, publicSlots, signedSlots, slotLinksOf } from './links';

const links = { base: 'https://s3.example/tiles/', query: 'X-Amz-Expires=604800', until: '2026-01-12T10:00:00Z' };
const slots = (byte: (slot: number) => number): string =>
  btoa(
    String.fromCharCode(...Array.from({ length: 1440 }, (_, slot) => new Array<number>(32).fill(byte(slot))).flat()),
  );

describe('links of a private bucket', () => {
  it('lead to single objects, and to none that was not there when they were signed', () => {
    const page = { ...links, signatures: { [slotLinksOf('DEMO')]: 'ab12' } };

    expect(linkTo(page, 'heatmaps/DEMO/links.json')).toBe(
      'https://s3.example/tiles/heatmaps/DEMO/links.json?X-Amz-Expires=604800&X-Amz-Signature=ab12',
    );
    expect(linkTo(page, 'heatmaps/NEW/links.json')).toBeNull();
  });

  it('lead to each slot by its own signature, and tell minutes apart where no server sees it', () => {
    const at = signedSlots({ ...links, slots: { '.jpg': slots((slot) => (slot === 605 ? 10 : 255)) } }, 'DEMO');

    expect(at('1005', '.jpg', '29460125.1')).toBe(
      `https://s3.example/tiles/heatmaps/DEMO/1005.jpg?X-Amz-Expires=604800&X-Amz-Signature=${'0a'.repeat(32)}#29460125.1`,
    );
    expect(at('2359', '.jpg', '1.0')).toContain(`X-Amz-Signature=${'ff'.repeat(32)}#1.0`);
    expect(isSigned(at('0000', '.jpg', '1.0'))).toBe(true);
  });

  it('are none where everybody can read it', () => {
    const address = publicSlots('./', 'DEMO')('1005', '_ko.jpg', '29460125.1');

    expect(address).toBe('./heatmaps/DEMO/1005_ko.jpg?v=29460125.1');
    expect(isSigned(address)).toBe(false);
  });
});
