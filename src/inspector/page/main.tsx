/** Entry of the page: a session, and everything that is drawn of it. */
import './styles/colours.css';
import './styles/shell.css';
import './styles/content.css';
import './styles/tables.css';
import './styles/fleet.css';
import './styles/metrics.css';
import './styles/differences.css';
import { render } from './preact.ts';
import { Session } from './session.ts';
import { Shell } from './views/shell.tsx';
import { SessionContext } from './views/use-session.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no #page');
const session = new Session();
render(
  <SessionContext.Provider value={session}>
    <Shell />
  </SessionContext.Provider>,
  root,
);
