/** What has broken something once, shrunk; run first, each time. */
import type { Event, Kind } from './storm-events.ts';

export const KNOWN: Readonly<Record<Kind, [Event[], number][]>> = {
  rolling: [
    [
      [
        { do: 'apply', version: 4, size: 3 },
        ...Array.from({ length: 20 }, (): Event => ({ do: 'pass', times: 15 })),
        { do: 'late', want: 'revive', at: 1 },
        { do: 'pass', times: 5 },
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 2, size: 1 },
        { do: 'pass', times: 4 },
        { do: 'apply', version: 4, size: 1 },
        { do: 'brain', at: 1 },
        { do: 'brain', at: 1 },
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 1, size: 1 },
        { do: 'pass', times: 1 },
        { do: 'want', kind: 'replace', at: 1, priority: 'safety' },
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 2, size: 5 },
        { do: 'pass', times: 7 },
        { do: 'hang', at: 0 },
        { do: 'brain', at: 0 },
        { do: 'looks', loss: 0.6, twice: 0 },
      ],
      0,
    ],
  ],
  canary: [
    [
      [
        { do: 'want', kind: 'replace', at: 0, priority: 'safety' },
        { do: 'brain', at: 2 },
        { do: 'want', kind: 'stop', at: 3, priority: 'safety' },
      ],
      0,
    ],
  ],
  keyed: [],
  zones: [
    [
      [
        { do: 'apply', version: 4, size: 3 },
        ...Array.from({ length: 20 }, (): Event => ({ do: 'pass', times: 15 })),
        { do: 'late', want: 'revive', at: 1 },
        { do: 'pass', times: 5 },
      ],
      0,
    ],
    [
      [
        { do: 'deaf', at: 0 },
        { do: 'apply', version: 1, size: 2 },
        ...Array.from({ length: 10 }, (): Event[] => [
          { do: 'pass', times: 5 },
          { do: 'late', want: 'stop', at: 0 },
        ]).flat(),
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 2, size: 1 },
        { do: 'say', verb: 'undo' },
        { do: 'pass', times: 1 },
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 2, size: 2 },
        { do: 'pass', times: 1 },
        { do: 'apply', version: 1, size: 1 },
      ],
      0,
    ],
    [
      [
        { do: 'apply', version: 2, size: 3 },
        { do: 'brain', at: 1 },
        { do: 'apply', version: 1, size: 1 },
        { do: 'want', kind: 'eject', at: 2, priority: 'safety' },
      ],
      0,
    ],
  ],
  'zones with data': [
    [[{ do: 'apply', version: 1, size: 1 }, { do: 'brain', at: 1 }, { do: 'remove' }], 0],
    [
      [
        { do: 'looks', loss: 0.6, twice: 0 },
        { do: 'pass', times: 1 },
        { do: 'hang', at: 2 },
        { do: 'pass', times: 8 },
        { do: 'hang', at: 6 },
      ],
      10,
    ],
  ],
};
