// The shape of pictures, as width by height: what is drawn over one has to lie where the picture is, without bars.

import type { Device } from '../api/api';

const USUAL = 16 / 9;
/** Pictures of this kind are as wide for every camera: those of another shape have black bars in them. */
export const THUMBNAIL = 'thumbnail';

/** Of what a camera sends, upright. */
export const streamAspect = ({ stream_info: sent }: Pick<Device, 'stream_info'>): number =>
  aspectOf(sent?.width, sent?.height) ?? USUAL;

/** Undefined as long as there is nothing to see. */
export const aspectOf = (width?: number, height?: number): number | undefined =>
  width && height ? width / height : undefined;
