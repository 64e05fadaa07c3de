/** Light or dark: as the system says, or as somebody has chosen here. */
import { keptTheme } from '../browser.ts';
import { Changes } from '../tables/changes.ts';

/** What can be chosen, in the order of the switch. */
export const THEMES = ['system', 'light', 'dark'] as const;
/** One of them. */
export type ThemeName = (typeof THEMES)[number];

/** One for each load of the page. Whoever draws by hand draws again when it changes. */
export class Theme {
  readonly changes: Changes;
  chosen: ThemeName;
  private readonly systemIsDark: MediaQueryList;

  constructor() {
    this.changes = new Changes();
    this.chosen = THEMES.find((name) => name === keptTheme.read()) ?? 'system';
    this.systemIsDark = matchMedia('(prefers-color-scheme: dark)');
    this.systemIsDark.addEventListener('change', () => this.show());
    this.show();
  }

  get isDark(): boolean {
    return this.chosen === 'system' ? this.systemIsDark.matches : this.chosen === 'dark';
  }

  choose(name: ThemeName): void {
    this.chosen = name;
    keptTheme.write(name);
    this.show();
  }

  private show(): void {
    document.documentElement.dataset.theme = this.isDark ? 'dark' : 'light';
    this.changes.happened();
  }
}
