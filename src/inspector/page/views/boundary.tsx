/** Around a view: one that fails says so in its place, and does not take the page with it. */
import { Component, type ComponentChildren } from '../preact.ts';

type Props = { readonly children: ComponentChildren };
type State = { readonly failed: unknown };

const NOTHING: State = { failed: null };

/** To be given another key with another view. */
export class Boundary extends Component<Props, State> {
  override state: State = NOTHING;

  static override getDerivedStateFromError(failed: unknown): State {
    return { failed };
  }

  override render() {
    const { failed } = this.state;
    if (failed === null) return this.props.children;
    return (
      <div role="alert" class="panel">
        <h1>This view cannot be shown</h1>
        <p>What it was told is not what it expects: {String(failed)}.</p>
        <button type="button" onClick={() => this.setState(NOTHING)}>
          Try again
        </button>
      </div>
    );
  }
}
