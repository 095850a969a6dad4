/** Why somebody's word about a stop does not count. */
export interface ContainmentRefusal {
  readonly code: /** No stop of this id, or none that this person may see. */
    | 'not_found'
    /** What is to be stopped is not known: a slip that stopped nothing would look like a stop. */
    | 'not_known'
    /** Lifted already. */
    | 'over'
    /** They placed it, or it is about them, or about somebody they answer for. */
    | 'own_containment'
    | 'not_allowed'
    /** An agent, or a token that somebody else acts with. */
    | 'not_a_person'
    /** They are stopped themselves. */
    | 'contained'
    | 'sign_in_again'
    | 'reason_missing'
    | 'too_long'
    | 'too_many';
}
