-- Why somebody said no to what another asked for, in their words, where they said so.
ALTER TABLE identity.approval_vote
    ADD COLUMN reason text,
    ADD CONSTRAINT vote_reason_is_1_to_500_characters CHECK (length(reason) BETWEEN 1 AND 500);
