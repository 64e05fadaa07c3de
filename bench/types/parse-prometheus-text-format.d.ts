declare module 'parse-prometheus-text-format' {
  const parse: (text: string) => readonly unknown[];
  // biome-ignore lint/style/noDefaultExport: that is what the package has.
  export default parse;
}
