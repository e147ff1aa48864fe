# The targets of slabmalloc, from folders that have the libraries and the headers. find_package() and add_subdirectory()
# both include it, and give the same targets:
#
#     slabmalloc::slabmalloc     the shared library
#     slabmalloc::static         the archive
#     slabmalloc::preload        for LD_PRELOAD: $<TARGET_FILE:slabmalloc::preload>
#     slabmalloc::malloc         the override object, which makes slabmalloc the malloc of a program; in a program that
#                                is linked as C++, also new and delete
#     slabmalloc::freestanding   the archive for kernels, of the triple SLABMALLOC_TRIPLE

# slabmalloc_add_library(NAME KIND FILE INCLUDES [GLOBAL])
function(slabmalloc_add_library name kind file includes)
  add_library(slabmalloc::${name} ${kind} IMPORTED ${ARGN})
  set_target_properties(slabmalloc::${name} PROPERTIES IMPORTED_LOCATION "${file}"
    INTERFACE_INCLUDE_DIRECTORIES "${includes}")
endfunction()

# slabmalloc_add_component(NAME LIBRARIES BARE INCLUDES [GLOBAL]): LIBRARIES is the folder of the libraries, BARE that
# of the archive for kernels.
function(slabmalloc_add_component name libraries bare includes)
  if(name STREQUAL "shared")
    slabmalloc_add_library(slabmalloc SHARED "${libraries}/libslabmalloc.so.0" "${includes}" ${ARGN})
    set_target_properties(slabmalloc::slabmalloc PROPERTIES IMPORTED_SONAME libslabmalloc.so.0)
  elseif(name STREQUAL "static")
    slabmalloc_add_library(static STATIC "${libraries}/libslabmalloc.a" "${includes}" ${ARGN})
  elseif(name STREQUAL "preload")
    slabmalloc_add_library(preload SHARED "${libraries}/libslabmalloc-preload.so" "${includes}" ${ARGN})
    set_target_properties(slabmalloc::preload PROPERTIES IMPORTED_SONAME libslabmalloc-preload.so)
  elseif(name STREQUAL "malloc")
    add_library(slabmalloc::malloc INTERFACE IMPORTED ${ARGN})
    set_target_properties(slabmalloc::malloc PROPERTIES INTERFACE_LINK_LIBRARIES
      "${libraries}/libslabmalloc-malloc.o;$<$<LINK_LANGUAGE:CXX>:${libraries}/libslabmalloc-new.o>")
  elseif(name STREQUAL "freestanding")
    slabmalloc_add_library(freestanding STATIC "${bare}/libslabmalloc.a" "${includes}" ${ARGN})
  endif()
endfunction()
