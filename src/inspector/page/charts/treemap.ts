/** Rectangles in a rectangle, each as large as its weight. The page's door to d3-hierarchy. Pure. */
import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';

/** Something with a weight. */
export type Weighed<T> = { readonly item: T; readonly weight: number };
/** Where it is, in CSS pixels. */
export type Placed<T> = {
  readonly item: T;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
};

type Node<T> = { readonly one: Weighed<T> | null; readonly children?: readonly Node<T>[] };

/** In a box of a width and a height. */
export function placed<T>(all: readonly Weighed<T>[], width: number, height: number): Placed<T>[] {
  const top: Node<T> = { one: null, children: all.map((one) => ({ one })) };
  const root = hierarchy<Node<T>>(top, ({ children }) => children).sum(
    ({ one }) => one?.weight ?? 0,
  );
  root.sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const laid = treemap<Node<T>>()
    .tile(treemapSquarify.ratio(1.6))
    .size([width, height])
    .paddingInner(2)(root);
  return laid
    .leaves()
    .flatMap(({ data, x0, x1, y0, y1 }) =>
      data.one === null
        ? []
        : [{ item: data.one.item, left: x0, top: y0, width: x1 - x0, height: y1 - y0 }],
    );
}
