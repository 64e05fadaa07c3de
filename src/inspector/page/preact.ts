/** The page's door to preact, so that one file says what of it is used. */
export {
  Component,
  type ComponentChildren,
  createContext,
  Fragment,
  type JSX,
  type RefObject,
  render,
} from 'preact';
export {
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'preact/hooks';
