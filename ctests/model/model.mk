# The protocol of remote frees, checked with Spin in every order of its steps.
packages_model := spin gcc

.PHONY: check-model model-long
check-model: $(B)/packages/model ## No order of remote frees, exits and reuse breaks the slabs' ownership (Spin)
	@ctests/model/check-model.sh $(B)
model-long: $(B)/packages/model ## The same with larger sizes and all planted faults: some minutes, up to 8 GB
	@ctests/model/check-model.sh $(B) long
