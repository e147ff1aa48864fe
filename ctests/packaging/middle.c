/* A library between a program and the override object. */
int middle(void);
int middle(void) { return 0; }
