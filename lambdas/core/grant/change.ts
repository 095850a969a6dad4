import type { AuditFact } from '../audit/event.ts';

/** A step of a lifecycle: the state after it and the one fact the trail keeps of it. Version and head are advanced where it is recorded. */
export interface Change<S, F extends AuditFact = AuditFact> {
  readonly next: S;
  readonly fact: F;
}
