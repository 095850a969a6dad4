/** Why somebody's word does not count. Told to people who have signed in, so it may say more than a problem of the API. */
export interface DecisionRefusal {
  readonly code:
    | 'not_found'
    /** Decided, withdrawn or used already, or what it was about is over. */
    | 'over'
    | 'late'
    /** What is stored is not what the person was shown. */
    | 'changed'
    /** Their own request, or that of an agent they answer for. */
    | 'own_request'
    | 'not_allowed'
    | 'sign_in_again'
    | 'not_a_person'
    | 'reason_missing'
    | 'too_long'
    | 'not_offered';
}
