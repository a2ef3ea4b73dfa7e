# SPDX-License-Identifier: GPL-3.0-or-later
# The target dsw_cuda: kernels/cuda as one shared library with machine code for the architectures below and PTX for later ones. The CUDA
# runtime is inside it and none of its names are seen outside, so it needs no CUDA library to be opened.
file(GLOB cuda_module_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/cuda/*.cu)
add_library(dsw_cuda MODULE ${cuda_module_sources})
set_target_properties(dsw_cuda PROPERTIES
  CUDA_ARCHITECTURES "80-real;89-real;90a-real;90-virtual" CUDA_STANDARD 20 CUDA_RUNTIME_LIBRARY Static CUDA_VISIBILITY_PRESET hidden
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/deepshock)
target_include_directories(dsw_cuda PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_options(dsw_cuda PRIVATE --expt-relaxed-constexpr --expt-extended-lambda -Xcompiler=-Wall,-Wextra,-Wshadow,-Werror
  --Werror=all-warnings)
target_link_options(dsw_cuda PRIVATE LINKER:--exclude-libs,ALL)

install(TARGETS dsw_cuda LIBRARY DESTINATION lib/deepshock)
