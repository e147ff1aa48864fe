# Lets Doxygen see the statuses, which slabmalloc.h writes once, as lines X(NAME, value, "meaning") of a macro.
#
# Each of these lines becomes an enumerator with its meaning as its comment, and waits in the hold space for the enum
# that the macro fills. Lines stay where they are, so that a warning of Doxygen's names the header's line. Needs sed -n.

/^#define SLM_STATUSES(X)/ {
  s/ *\\$//p
  d
}
/^ *X(SLM_/ {
  s/^ *X(\(SLM_[A-Z_]*\), \(-\{0,1\}[0-9]*\), "\(.*\)").*$/\1 = \2, \/**< \3 *\//
  H
  s/.*//p
  d
}
# How the enum is filled is nobody's business.
/^#define SLM_STATUS_VALUE/ s/.*//
/^typedef enum slm_status.*SLM_STATUSES(/ {
  G
  s/\n/ /g
  s/^\(.*\){ SLM_STATUSES([A-Z_]*) } slm_status; *\(.*\)$/typedef enum slm_status { \2 } slm_status;/
}
p
