/**
 * Planted bugs: the model checker must find every one of them, or its silence about the production
 * code would mean nothing. The bugs are edits of the compiled code, so `tsc -b` runs first.
 */
import { describe, expect, test } from 'vitest';
import { explore } from '../model-checker/explorer.ts';
import {
  loadMutant,
  type Mutant,
  PUBLISH_MUTANTS,
  RING_MUTANTS,
  ROLE_MUTANTS,
  WINDOW_MUTANTS,
} from '../model-checker/mutants.ts';
import { type PublishCode, publishScenarios } from '../model-checker/publish-scenarios.ts';
import { type RingCode, ringScenarios } from '../model-checker/ring-scenarios.ts';
import type { ExploreOptions, Scenario } from '../model-checker/scenario.ts';
import {
  type RoleCode,
  roleScenarios,
  type WindowCode,
  windowScenarios,
} from '../model-checker/window-scenarios.ts';

const RING = 'ring/index.js';
const PUBLISH = 'publish/index.js';
const WINDOW = 'metrics/window-flip.js';
const ROLE = 'metrics/shard-role.js';

/** What the first scenario that fails says. */
function hunt(scenarios: readonly Scenario[], options: ExploreOptions): string | null {
  for (const scenario of scenarios) {
    const { violation } = explore(scenario, options);
    if (violation === null) continue;
    // A mutant that does not even run proves nothing about the scenarios.
    expect(violation.message).not.toMatch(/is not defined|is not a function|Cannot|undefined/);
    return violation.message;
  }
  return null;
}

describe('mutants - every planted bug of the ring is found', () => {
  test.each(RING_MUTANTS.map((mutant, index) => ({ ...mutant, index })))('$bug', async (mutant) => {
    const code = await loadMutant<RingCode>(mutant, `ring-${mutant.index}`, RING);
    expect(hunt(ringScenarios(code), {})).not.toBeNull();
  });
});

describe('mutants - every planted bug of publish is found', () => {
  test.each(PUBLISH_MUTANTS.map((mutant, index) => ({ ...mutant, index })))(
    '$bug',
    async (mutant) => {
      const code = await loadMutant<PublishCode>(mutant, `publish-${mutant.index}`, PUBLISH);
      expect(hunt(publishScenarios(code), {})).not.toBeNull();
    },
  );
});

describe('mutants - every planted bug of the window hand-over is found', () => {
  const mutants = WINDOW_MUTANTS.map((mutant, index) => ({ ...mutant, index }));
  test.each(mutants)('$bug', async (mutant) => {
    const code = await loadMutant<WindowCode>(mutant, `window-${mutant.index}`, WINDOW);
    expect(hunt(windowScenarios(code), {})).not.toBeNull();
  });
});

describe('mutants - every planted bug of the shard roles is found', () => {
  const mutants = ROLE_MUTANTS.map((mutant, index) => ({ ...mutant, index }));
  test.each(mutants)('$bug', async (mutant) => {
    const code = await loadMutant<RoleCode>(mutant, `role-${mutant.index}`, ROLE);
    expect(hunt(roleScenarios(code), {})).not.toBeNull();
  });
});

describe('mutants - reordering shows what a missing atomic does, without the race detector', () => {
  const options = { reportRaces: false, staleLoads: true, granularity: 'every' } as const;

  test('a tail stored plainly delivers a torn record', async () => {
    const code = await loadMutant<RingCode>(
      byBug(RING_MUTANTS, 'tail is stored plainly'),
      'weak-ring',
      RING,
    );
    expect(hunt(ringScenarios(code), options)).not.toBeNull();
  });

  test('a current word stored plainly lets a reader see a mixed version', async () => {
    const mutant = byBug(PUBLISH_MUTANTS, 'current is stored plainly');
    const code = await loadMutant<PublishCode>(mutant, 'weak-publish', PUBLISH);
    expect(hunt(publishScenarios(code), options)).toMatch(/mixed version/);
  });
});

function byBug(mutants: readonly Mutant[], bug: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.bug === bug);
  if (mutant === undefined) throw new Error(`no mutant is called "${bug}"`);
  return mutant;
}
