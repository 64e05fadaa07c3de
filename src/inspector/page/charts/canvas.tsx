/**
 * A canvas that is as large as its box and as sharp as the screen, and is drawn again when its size, the
 * theme or what it shows has changed. What it shows is also said in words.
 */
import { type RefObject, useEffect, useRef } from '../preact.ts';
import { useSession } from '../views/use-session.ts';
import { type Palette, paletteOf } from './palette.ts';

/** Where to draw; in CSS pixels. */
export type Paper = {
  readonly pen: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
};

/** What is drawn, in words for those who do not see it, and how high. */
export type CanvasProps = {
  readonly label: string;
  readonly height: number;
  /** Grows when there is something else to draw. */
  readonly version: number | string;
  readonly draw: (paper: Paper) => void;
};

/** One canvas. */
export function Canvas({ label, height, version, draw }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme } = useSession();
  useEffect(() => {
    const paint = (): void => {
      const paper = paperOf(canvas, height, paletteOf(theme.isDark));
      if (paper !== null) draw(paper);
    };
    paint();
    const observer = new ResizeObserver(paint);
    if (canvas.current?.parentElement) observer.observe(canvas.current.parentElement);
    const unwatch = theme.changes.watch(paint);
    return () => {
      observer.disconnect();
      unwatch();
    };
  }, [theme, height, version, draw]);
  return (
    <div class="canvas" style={{ height: `${height}px` }}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** Null: it is not to be seen. */
function paperOf(
  { current }: RefObject<HTMLCanvasElement | null>,
  height: number,
  palette: Palette,
): Paper | null {
  const width = current?.parentElement?.clientWidth ?? 0;
  const pen = current?.getContext('2d') ?? null;
  if (current === null || pen === null || width === 0) return null;
  const sharpness = devicePixelRatio;
  current.width = Math.round(width * sharpness);
  current.height = Math.round(height * sharpness);
  pen.scale(sharpness, sharpness);
  pen.font = '11px system-ui, sans-serif';
  return { pen, width, height, palette };
}
