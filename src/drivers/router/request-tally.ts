/**
 * Requests that a router has answered, by service and revision, as its windows tell of them: counts and
 * seconds to the head of the answer, for those who watch. Kept by the router's link since it was started;
 * it decides nothing, and knows no instance.
 */
import { BucketCounts, type BucketFigures } from '../../actors/index.ts';

/** So far, of one revision. */
export type RequestFigures = {
  readonly service: string;
  readonly revision: string;
  readonly ok: number;
  /** What a router counts as an error of the instance. */
  readonly errors: number;
  /** Seconds, of both. */
  readonly seconds: BucketFigures;
};

/** Seconds, as most of Prometheus' libraries have them. */
const ANSWER_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

type Tally = { ok: number; errors: number; readonly seconds: BucketCounts };
type Answers = readonly { readonly seconds: number; readonly isError: boolean }[];

/** Thread rule: the link's. */
export class RequestTally {
  private readonly services: Map<string, Map<string, Tally>> = new Map();

  /** Answers of one window. */
  note(service: string, revision: string, answers: Answers): void {
    if (answers.length === 0) return;
    const revisions = this.services.get(service) ?? new Map<string, Tally>();
    this.services.set(service, revisions);
    const tally = revisions.get(revision) ?? {
      ok: 0,
      errors: 0,
      seconds: new BucketCounts(ANSWER_BOUNDS),
    };
    revisions.set(revision, tally);
    for (const { seconds, isError } of answers) {
      if (isError) tally.errors += 1;
      else tally.ok += 1;
      tally.seconds.note(seconds);
    }
  }

  /** Those that the service has no record of any more go; none kept: the service itself. */
  keep(service: string, revisions: ReadonlySet<string>): void {
    const known = this.services.get(service);
    for (const revision of known?.keys() ?? []) {
      if (!revisions.has(revision)) known?.delete(revision);
    }
    if (known?.size === 0) this.services.delete(service);
  }

  figures(): readonly RequestFigures[] {
    return [...this.services].flatMap(([service, revisions]) =>
      [...revisions].map(([revision, { ok, errors, seconds }]) => {
        return { service, revision, ok, errors, seconds: seconds.figures() };
      }),
    );
  }
}
