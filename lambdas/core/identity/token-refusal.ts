/**
 * Why a token was refused. For our own logs only: a caller learns `token_refused` and nothing else, so that
 * nobody can feel their way to an accepted token.
 */
export type TokenRefusal =
  | 'bearer_missing'
  | 'too_large'
  | 'malformed'
  | 'issuer_unknown'
  | 'algorithm_not_allowed'
  | 'type_not_allowed'
  | 'critical_extension'
  | 'key_id_missing'
  | 'key_unknown'
  | 'signature_wrong'
  | 'expiry_missing'
  | 'expired'
  | 'issue_time_missing'
  | 'issued_in_future'
  | 'lifetime_too_long'
  | 'not_yet_valid'
  | 'subject_unusable'
  | 'audience_wrong'
  | 'client_wrong'
  | 'claim_wrong'
  | 'actor_unusable'
  | 'principal_ambiguous';
