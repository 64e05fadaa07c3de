/**
 * Colours of what is drawn by hand. Steps are viridis, which the colour-blind read as well: more is brighter
 * on dark, and darker on light. Lines and words are Okabe and Ito's. Pure.
 */

/** Viridis in sixteen steps, as 0xRRGGBB. */
const VIRIDIS: readonly number[] = [
  0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e, 0x1f988b,
  0x22a884, 0x35b779, 0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725,
];

/** Steps above 0. */
export const STEPS = 15;

/** What a chart is drawn with. */
export type Palette = {
  /** CSS colours from 0 (nothing) to STEPS. */
  readonly steps: readonly string[];
  /** The same as words of an ImageData on a little-endian machine. */
  readonly words: Uint32Array;
  /** Where there is nothing at all. */
  readonly emptyWord: number;
  /** Of the panel that it is drawn on. */
  readonly ground: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly accent: string;
  readonly bad: string;
  readonly warn: string;
  /** Of several lines in one chart. */
  readonly lines: readonly string[];
};

const DARK = {
  empty: 0x14181d,
  idle: 0x2a313a,
  text: '#e6e9ed',
  quiet: '#9aa5b1',
  line: '#2b323b',
};
const LIGHT = {
  empty: 0xffffff,
  idle: 0xe3e7ec,
  text: '#16202b',
  quiet: '#56636f',
  line: '#dde2e8',
};

/** Okabe and Ito's; on light a shade darker, so that a thin line is seen. */
const LINES_ON_DARK = ['#56b4e9', '#e69f00', '#2fc99b', '#e08fbd', '#f0e442', '#e6e9ed'];
const LINES_ON_LIGHT = ['#0072b2', '#b05a00', '#00795a', '#a8467d', '#6d6300', '#16202b'];

/** The colours of a theme. */
export function paletteOf(isDark: boolean): Palette {
  const { empty, idle, text, quiet, line } = isDark ? DARK : LIGHT;
  // The darkest step on dark, and the brightest on light, would look like nothing.
  const scale = isDark ? VIRIDIS.slice(1) : [...VIRIDIS.slice(0, STEPS)].reverse();
  const colours = [idle, ...scale.map((rgb, index) => mixed(rgb, idle, index))];
  return {
    steps: colours.map(cssOf),
    words: Uint32Array.from(colours, wordOf),
    emptyWord: wordOf(empty),
    ground: cssOf(empty),
    text,
    quiet,
    line,
    accent: isDark ? '#56b4e9' : '#0072b2',
    bad: isDark ? '#ff8a5c' : '#b84300',
    warn: isDark ? '#e69f00' : '#8a5a00',
    lines: isDark ? LINES_ON_DARK : LINES_ON_LIGHT,
  };
}

/** Small values lean towards nothing: what is calm is to look calm. */
function mixed(rgb: number, idle: number, index: number): number {
  const share = 0.6 * (1 - index / (STEPS - 1));
  const byte = (shift: number): number => {
    const [one, other] = [(rgb >> shift) & 255, (idle >> shift) & 255];
    return Math.round(one + (other - one) * share) << shift;
  };
  return byte(16) | byte(8) | byte(0);
}

const cssOf = (rgb: number): string => `#${rgb.toString(16).padStart(6, '0')}`;

function wordOf(rgb: number): number {
  const [red, green, blue] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
