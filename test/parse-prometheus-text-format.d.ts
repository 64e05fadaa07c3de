declare module 'parse-prometheus-text-format' {
  const parse: (text: string) => readonly {
    readonly name: string;
    readonly type: string;
    readonly metrics: readonly {
      readonly value?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly buckets?: Readonly<Record<string, string>>;
    }[];
  }[];
  // biome-ignore lint/style/noDefaultExport: that is what the package has.
  export default parse;
}
