/** Rectangles in a rectangle, each as large as its weight. The page's door to d3-hierarchy. Pure. */
import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';

/** Something with a weight, or with parts that have one; parts are drawn inside, below its name. */
export type Weighed<T> = {
  readonly item: T;
  readonly weight: number;
  readonly parts: readonly Weighed<T>[];
};
/** Where it is, in CSS pixels. */
export type Placed<T> = {
  readonly item: T;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
};

type Node<T> = {
  readonly item: T | null;
  readonly weight: number;
  readonly parts: readonly Node<T>[];
};

/** In a box of a width and a height; what is inside something comes after it. */
export function placed<T>(
  all: readonly Weighed<T>[],
  { width, height, nameHeight }: Readonly<Record<'width' | 'height' | 'nameHeight', number>>,
): Placed<T>[] {
  const root = hierarchy<Node<T>>({ item: null, weight: 0, parts: all }, ({ parts }) => parts)
    .sum(({ weight, parts }) => (parts.length === 0 ? weight : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const layout = treemap<Node<T>>()
    .tile(treemapSquarify.ratio(1.6))
    .size([width, height])
    .paddingInner(3)
    .paddingTop(({ depth }) => (depth === 0 ? 0 : nameHeight))
    .paddingRight(({ depth }) => (depth === 0 ? 0 : 4))
    .paddingBottom(({ depth }) => (depth === 0 ? 0 : 4))
    .paddingLeft(({ depth }) => (depth === 0 ? 0 : 4));
  return layout(root)
    .descendants()
    .flatMap(({ data: { item }, x0, x1, y0, y1 }) =>
      item === null ? [] : [{ item, left: x0, top: y0, width: x1 - x0, height: y1 - y0 }],
    );
}
